/* Each page is sent by itself as it is chosen, and again while the connection is gone; what arrived is kept by the server.
   Without this script the form sends all pages at once. */
(function () {
  'use strict'
  const form = document.querySelector('form[data-pages-url]')
  if (!form || !window.fetch || !window.FormData) return
  const input = form.querySelector('input[type="file"]')
  const status = form.querySelector('[data-pages-status]')
  const buttons = form.querySelectorAll('button')
  const token = form.querySelector('[name="csrfmiddlewaretoken"]').value
  const LIMIT = 300
  let wanted = false
  let busy = false

  function say (text) { status.textContent = text }
  function wait (seconds) { return new Promise(function (resolve) { window.setTimeout(resolve, seconds * 1000) }) }

  async function send (file, number, count) {
    let pause = 2
    for (let tried = 0; tried < LIMIT; tried++) {
      say(form.dataset.sending + ' ' + number + ' / ' + count)
      const body = new FormData()
      body.append('csrfmiddlewaretoken', token)
      body.append('pages', file)
      try {
        const answer = await fetch(form.dataset.pagesUrl, { method: 'POST', body: body, redirect: 'manual', credentials: 'same-origin' })
        if (answer.ok) return ''
        if (answer.type === 'opaqueredirect') { // signed out: the door leads back here
          busy = false
          window.location.reload()
          return form.dataset.failed
        }
        if (answer.status === 422) return (await answer.json()).problem || form.dataset.failed
        if (answer.status < 500) return form.dataset.failed
      } catch (lost) { /* no connection: below */ }
      say(form.dataset.again)
      await wait(pause)
      pause = Math.min(pause * 2, 20)
    }
    return form.dataset.failed
  }

  async function sendAll () {
    const files = Array.from(input.files)
    if (!files.length) return
    busy = true
    input.disabled = true
    const problems = []
    for (let i = 0; i < files.length; i++) {
      const problem = await send(files[i], i + 1, files.length)
      if (problem) problems.push(problem)
    }
    input.value = ''
    input.disabled = false
    busy = false
    if (problems.length) {
      wanted = false
      buttons.forEach(function (button) { button.disabled = false })
      say(problems.join(' '))
    } else if (wanted) {
      form.submit()
    } else {
      say(form.dataset.done)
      window.location.replace(window.location.pathname + '?kind=' + encodeURIComponent(form.elements.kind.value))
    }
  }

  input.addEventListener('change', sendAll)
  form.addEventListener('submit', function (event) {
    if (!busy) return
    event.preventDefault()
    wanted = true
    buttons.forEach(function (button) { button.disabled = true })
  })
  window.addEventListener('beforeunload', function (event) { if (busy) event.preventDefault() })
})()
