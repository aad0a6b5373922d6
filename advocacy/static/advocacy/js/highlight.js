/* Letter beside fields: while a field with data-fact has the focus, the words of the letter that prove it
   (mark elements with the same data-fact) are lit and brought into sight. Without script they are all marked anyway. */
(function () {
  'use strict'
  const marks = Array.from(document.querySelectorAll('mark[data-fact]'))
  if (!marks.length) return

  document.addEventListener('focusin', function (event) {
    const field = event.target.closest('[data-fact]')
    if (!field || field.matches('mark')) return
    let first = null
    marks.forEach(function (mark) {
      const lit = mark.dataset.fact === field.dataset.fact
      mark.classList.toggle('is-lit', lit)
      if (lit && !first) first = mark
    })
    const pane = first && first.closest('.beside__letter')
    if (pane) pane.scrollTop += first.getBoundingClientRect().top - pane.getBoundingClientRect().top - pane.clientHeight / 3
  })
})()
