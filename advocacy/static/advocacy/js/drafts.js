/* Keeps what is typed: a form with data-draft-url and data-draft-key is posted there three seconds after a change.
   The server gets draft_key and every field as in an ordinary POST (no files, no passwords), with the form's own CSRF token
   in X-CSRFToken. Nothing is kept in browser storage; giving a draft back is the server's work when it renders the form.
   When the session has ended, the page says so and keeps the words; after signing in elsewhere one button saves them. */
(function () {
  'use strict'
  const EVERY = 3000

  function serialized (form) {
    const body = new URLSearchParams()
    body.append('draft_key', form.dataset.draftKey || '')
    new FormData(form).forEach(function (value, name) {
      const control = form.elements.namedItem(name)
      if (typeof value !== 'string' || name === 'csrfmiddlewaretoken') return
      if (control && control.type === 'password') return
      body.append(name, value)
    })
    return body
  }

  function token (form) {
    const field = form.querySelector('input[name="csrfmiddlewaretoken"]')
    return field ? field.value : ''
  }

  function clock () {
    return new Date().toLocaleTimeString([], { hour: 'numeric', minute: '2-digit' })
  }

  function keep (form) {
    let status = form.querySelector('[data-draft-status]')
    if (!status) {
      status = document.createElement('p')
      status.className = 'draft-status'
      form.append(status)
    }
    status.setAttribute('aria-live', 'polite')
    let saved = serialized(form).toString()
    let sending = false
    let leaving = false

    function say (text, signedOut) {
      status.classList.toggle('is-out', Boolean(signedOut))
      status.textContent = text
      if (!signedOut) return
      const link = document.createElement('a')
      link.href = document.body.dataset.signInUrl || '/'
      link.target = '_blank'
      link.rel = 'noopener'
      link.textContent = 'Sign in (new tab)'
      const again = document.createElement('button')
      again.type = 'button'
      again.className = 'button button--link'
      again.textContent = 'I am signed in again: save now'
      again.addEventListener('click', renewAndSend)
      status.append(' ', link, ' ', again)
    }

    /* A new session has a new CSRF token: this page, read again, holds it. */
    async function renewAndSend () {
      try {
        const answer = await fetch(window.location.href, { credentials: 'same-origin', redirect: 'manual' })
        if (!answer.ok) return say('You are still signed out; what you typed is kept.', true)
        const page = new DOMParser().parseFromString(await answer.text(), 'text/html')
        const fresh = page.querySelector('input[name="csrfmiddlewaretoken"]')
        if (fresh) document.querySelectorAll('input[name="csrfmiddlewaretoken"]').forEach(function (field) { field.value = fresh.value })
        saved = null
        await send(false)
      } catch (error) {
        say('No connection. What you typed is still here; saving again soon.')
      }
    }

    async function send (last) {
      const body = serialized(form)
      const text = body.toString()
      if (text === saved || (sending && !last)) return
      sending = true
      try {
        const answer = await fetch(form.dataset.draftUrl, {
          method: 'POST', body: body, credentials: 'same-origin', redirect: 'manual', keepalive: last && text.length < 60000,
          headers: { 'X-CSRFToken': token(form), Accept: 'application/json' }
        })
        if (answer.type === 'opaqueredirect' || answer.status === 401 || answer.status === 403) {
          say('You are signed out; what you typed is kept.', true)
          document.dispatchEvent(new Event('recourse:signed-out'))
        } else if (answer.ok) {
          saved = text
          say('Saved at ' + clock())
        } else {
          say('Not saved yet. What you typed is still here; saving again soon.')
        }
      } catch (error) {
        say('No connection. What you typed is still here; saving again soon.')
      } finally {
        sending = false
      }
    }

    const timer = window.setInterval(function () {
      if (!status.classList.contains('is-out')) send(false)
    }, EVERY)
    document.addEventListener('recourse:signed-in', function () {
      saved = null
      send(false)
    })
    form.addEventListener('submit', function () { leaving = true; window.clearInterval(timer) })
    document.addEventListener('visibilitychange', function () {
      if (document.visibilityState === 'hidden' && !leaving) send(true)
    })
    window.addEventListener('beforeunload', function (event) {
      if (!leaving && serialized(form).toString() !== saved) event.preventDefault()
    })
  }

  document.querySelectorAll('form[data-draft-url]').forEach(keep)
})()
