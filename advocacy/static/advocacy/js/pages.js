/* Each page is sent by itself as it is chosen, and again while the connection is gone; what arrived is kept by the server.
   The paper is sent in the same patient way. A page or a paper that is sent twice is one: the server knows both by name.
   Without this script the form sends all pages at once. */
(function () {
  'use strict'
  const form = document.querySelector('form[data-pages-url]')
  if (!form || !window.fetch || !window.FormData || !window.DOMParser) return
  const input = form.querySelector('input[type="file"]')
  const status = form.querySelector('[data-pages-status]')
  const token = form.querySelector('[name="csrfmiddlewaretoken"]').value
  const here = window.location.pathname
  const LOST_AT_MOST = 300 // tries while there is no connection: more than an hour
  const BROKEN_AT_MOST = 5 // tries while the server fails
  const PATIENCE = 120 // seconds for one page over a thin connection
  let wanted = null // the button that was pressed while pages were on their way
  let busy = false
  let refused = '' // what was wrong with the file chosen last

  function say (text) { status.textContent = text }

  function wait (seconds) {
    return new Promise(function (resolve) {
      const over = function () {
        window.clearTimeout(timer)
        window.removeEventListener('online', over)
        resolve()
      }
      const timer = window.setTimeout(over, seconds * 1000)
      window.addEventListener('online', over)
    })
  }

  /* Whether pages that were chosen have not arrived: a cookie of this page says only that there are some, until they have. */
  function missing (some) {
    if (some === undefined) return /(?:^|; )pages_missing=1/.test(document.cookie)
    const age = some ? 14 * 24 * 3600 : 0
    const secure = window.location.protocol === 'https:' ? '; Secure' : ''
    document.cookie = 'pages_missing=1; SameSite=Strict; Path=' + here + '; Max-Age=' + age + secure
    return some
  }

  /* The answer of the server, however long the connection is gone; null when it fails again and again. */
  async function ask (address, options, words) {
    let pause = 2
    let broken = 0
    for (let tried = 0; tried < LOST_AT_MOST && broken < BROKEN_AT_MOST; tried++) {
      if (words) say(words)
      const patience = new AbortController()
      const timer = window.setTimeout(function () { patience.abort() }, PATIENCE * 1000)
      try {
        const answer = await fetch(address, Object.assign({ redirect: 'manual', credentials: 'same-origin', signal: patience.signal }, options))
        if (answer.type === 'opaqueredirect') { // signed out: the door leads back here
          busy = false
          window.location.reload()
          return new Promise(function () {})
        }
        if (answer.status < 500) {
          const text = await answer.text()
          return { ok: answer.ok, status: answer.status, text: text, json: (answer.headers.get('Content-Type') || '').startsWith('application/json') }
        }
        broken += 1
      } catch (lost) {
        /* no connection, or it broke off in the middle of the answer */
      } finally {
        window.clearTimeout(timer)
      }
      say(form.dataset.again)
      await wait(pause)
      pause = Math.min(pause * 2, 20)
    }
    return null
  }

  async function sendPage (file, number, count) {
    const body = new FormData()
    body.append('csrfmiddlewaretoken', token)
    body.append('number', number)
    body.append('pages', file)
    const answer = await ask(form.dataset.pagesUrl, { method: 'POST', body: body }, form.dataset.sending + ' ' + number + ' / ' + count)
    if (answer && answer.ok) return ''
    if (answer && answer.status === 422 && answer.json) return JSON.parse(answer.text).problem || form.dataset.failed
    if (answer && answer.status === 413) return form.dataset.large
    return form.dataset.failed
  }

  /* The parts of the page that tell what waits, out of a newer one; the form and what was typed stay. */
  function renew (text) {
    const newer = new window.DOMParser().parseFromString(text, 'text/html')
    document.querySelectorAll('[data-part]').forEach(function (part) {
      const other = newer.querySelector('[data-part="' + part.dataset.part + '"]')
      if (other) part.replaceChildren.apply(part, Array.from(other.childNodes))
    })
  }

  function lock (shut) {
    busy = shut
    form.querySelectorAll('[data-part="send"] button').forEach(function (button) { button.disabled = shut && wanted !== null })
  }

  async function sendAll () {
    const files = Array.from(input.files)
    if (!files.length) return
    refused = ''
    lock(true)
    missing(true)
    input.disabled = true
    const problems = []
    for (let i = 0; i < files.length; i++) {
      const problem = await sendPage(files[i], i + 1, files.length)
      if (problem) problems.push(problem)
    }
    missing(false)
    input.value = ''
    input.disabled = false
    const pressed = wanted
    wanted = null
    if (!problems.length && pressed) return sendPaper(pressed)
    const answer = await ask(here, { headers: { Accept: 'text/html' } }, '')
    if (answer && answer.ok) renew(answer.text)
    lock(false)
    refused = problems.join(' ')
    say(refused || form.dataset.done)
  }

  async function sendPaper (pressed) {
    wanted = pressed
    lock(true)
    const body = new FormData(form)
    body.delete('pages')
    if (pressed.name) body.append(pressed.name, pressed.value)
    const answer = await ask(here, { method: 'POST', body: body, headers: { Accept: 'application/json' } }, form.dataset.paper)
    wanted = null
    if (answer && answer.ok && answer.json) {
      busy = false
      window.location.assign(JSON.parse(answer.text).sent)
      return
    }
    lock(false)
    say('')
    if (answer && !answer.json && (answer.ok || answer.status === 422)) {
      renew(answer.text)
      const told = document.querySelector('[data-part="problem"] [role="alert"], [data-part="pages"] [role="status"]')
      if (told) told.scrollIntoView()
    } else { // anything else is the server's to say
      form.submit()
    }
  }

  input.addEventListener('change', sendAll)
  form.addEventListener('submit', function (event) {
    const pressed = event.submitter || form.querySelector('[data-part="send"] button')
    event.preventDefault()
    if (!busy && refused && !document.querySelector('.portal-pages li')) {
      say(refused) // there is nothing to send yet: why, stays
      input.focus()
    } else if (!busy) {
      sendPaper(pressed)
    } else if (!wanted) {
      wanted = pressed
      lock(true)
    }
  })
  window.addEventListener('beforeunload', function (event) { if (busy) event.preventDefault() })
  if (missing()) {
    say(form.dataset.missing)
    missing(false)
  }
})()
