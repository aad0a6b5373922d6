/* What is marked data-first-when-narrow stands first in its grid on a narrow screen, and where it was written on a wide one. It is
   moved in the document, so that it is seen, read aloud and reached by the Tab key in one order. Without script it stays. */
(function () {
  'use strict'
  const section = document.querySelector('[data-first-when-narrow]')
  const grid = section && section.closest('.case-grid')
  if (!grid || !window.matchMedia) return
  const narrow = window.matchMedia('(max-width: 48rem)')
  const place = document.createComment('')
  section.before(place)

  function put () {
    const held = section.contains(document.activeElement) ? document.activeElement : null
    if (narrow.matches) grid.prepend(section)
    else place.after(section)
    if (held) held.focus({ preventScroll: true })
  }

  narrow.addEventListener('change', put)
  if (!narrow.matches) return
  put()
  if (section.id && window.location.hash === '#' + section.id) section.scrollIntoView()
})()
