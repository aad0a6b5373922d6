/* The end of a session. Two minutes before it this page says so and lets its reader stay. After it the page is covered, what
   was typed stays in it, and the same person signs in again in place: the page of signing in stands in a frame of our own,
   and what it is given (a new form token) goes into the forms of this page. Somebody else who signs in here gets nothing of
   it: the page is left. Asking the server how long a session lasts does not make it last. Without this script a form that is
   sent too late is kept by the server. */
(function () {
  'use strict'
  const dialog = document.getElementById('session')
  if (!dialog || !window.fetch || !dialog.showModal || window.top !== window) return
  const WARN = 120 // seconds before the end
  const AGAIN = 15 // seconds until the server is asked again when it could not be
  const title = dialog.querySelector('h2')
  const text = dialog.querySelector('#session-text')
  const place = dialog.querySelector('.session__frame')
  const stay = dialog.querySelector('[data-session-stay]')
  const close = dialog.querySelector('[data-session-close]')
  let timer = null
  let over = false

  function word (name) { return dialog.querySelector('[data-word="' + name + '"]').content.textContent.trim() }

  function after (seconds, act) {
    window.clearTimeout(timer)
    timer = window.setTimeout(act, Math.max(seconds, 1) * 1000)
  }

  function clock (seconds) {
    const when = new Date(Date.now() + seconds * 1000)
    return when.toLocaleTimeString(document.documentElement.lang || [], { hour: 'numeric', minute: '2-digit' })
  }

  function token () {
    const field = document.querySelector('input[name="csrfmiddlewaretoken"]')
    return field ? field.value : ''
  }

  /* What the server says of this session; null when it cannot be asked. */
  async function ask (method) {
    try {
      const answer = await fetch(dialog.dataset.url, {
        method: method, credentials: 'same-origin', redirect: 'manual', cache: 'no-store',
        headers: { Accept: 'application/json', 'X-CSRFToken': token() }
      })
      if (answer.status === 403) return { signed_in: false }
      return answer.ok ? await answer.json() : null
    } catch (lost) {
      return null
    }
  }

  function show (heading, words, buttons) {
    title.textContent = heading
    text.textContent = words;
    [stay, close].forEach(function (button) { button.hidden = buttons.indexOf(button) === -1 })
    if (!dialog.open) dialog.showModal()
    const first = buttons[0] || title
    first.focus()
  }

  function shut () {
    over = false
    dialog.classList.remove('session--over')
    place.replaceChildren()
    if (dialog.open) dialog.close()
  }

  async function look () {
    const said = await ask('GET')
    if (!said) return after(AGAIN, look)
    if (!said.signed_in || said.who !== dialog.dataset.who) return ended()
    goOn(said)
  }

  function goOn (said) {
    if (said.left > WARN) {
      if (over) return signIn(dialog.dataset.done) // signed in again in another tab
      shut()
      return after(said.left - WARN, look)
    }
    const words = word(said.extends ? 'soon-idle' : 'soon-long').replace('TIME', clock(said.left))
    if (!over && !place.firstChild) show(word('soon-title'), words, said.extends ? [stay, close] : [close])
    after(said.left + 1, look)
  }

  function ended () {
    if (over) return
    over = true
    window.clearTimeout(timer)
    dialog.classList.add('session--over')
    show(word('over-title'), word('over-text'), [])
    signIn(dialog.dataset.signIn)
  }

  function signIn (address) {
    const frame = document.createElement('iframe')
    frame.title = word('frame')
    frame.addEventListener('load', function () {
      let page = null
      try { page = frame.contentDocument } catch (other) { /* not ours: nothing is taken from it */ }
      if (page) page.querySelectorAll('a[data-elsewhere]').forEach(function (link) { link.target = '_blank' }) // no frame shows it
      const mark = page && page.querySelector('[data-signed-in]')
      if (mark) back(mark.dataset.signedIn, page.querySelector('input[name="csrfmiddlewaretoken"]').value)
    })
    frame.src = address
    place.replaceChildren(frame)
  }

  async function back (who, fresh) {
    if (who !== dialog.dataset.who) return window.location.assign('/')
    document.querySelectorAll('input[name="csrfmiddlewaretoken"]').forEach(function (field) { field.value = fresh })
    shut()
    document.dispatchEvent(new Event('recourse:signed-in'))
    const said = await ask('POST')
    if (said && said.signed_in) goOn(said)
    else after(AGAIN, look)
  }

  stay.addEventListener('click', async function () {
    const said = await ask('POST')
    if (!said) return after(AGAIN, look)
    if (!said.signed_in || said.who !== dialog.dataset.who) return ended()
    shut()
    goOn(said)
  })
  close.addEventListener('click', function () { place.replaceChildren(); dialog.close() })
  dialog.addEventListener('cancel', function (event) { if (over) event.preventDefault() })
  document.addEventListener('recourse:signed-out', look)
  document.addEventListener('visibilitychange', function () { if (document.visibilityState === 'visible') look() })
  after(Number(dialog.dataset.left) - WARN, look)
})()
