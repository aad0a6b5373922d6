/* Single keys for people who work here all day: j and k walk the rows, Enter opens, e acts, c writes a call note,
   / searches, ? helps. They never act while somebody types, chooses or holds a modifier, and data-keys="off" on the body
   switches them off (WCAG 2.1.4). Every one of them is also an ordinary link or field. */
(function () {
  'use strict'
  const summary = document.querySelector('[data-error-summary]')
  if (summary) summary.focus()

  // The one field (or button) a page begins with takes the focus where there is a keyboard and room. It never scrolls: on a
  // phone, focus would hide what stands above and open the screen keyboard over the rest.
  const first = document.querySelector('[data-first-focus]')
  if (first && !summary && window.matchMedia('(min-width: 48rem) and (hover: hover)').matches) first.focus({ preventScroll: true })

  // Whoever asked for the call note by its key begins to type in its first field. The address says so, and forgets it at once.
  const BY_KEY = '#by-key'
  if (window.location.hash === BY_KEY) {
    window.history.replaceState(null, '', window.location.pathname + window.location.search)
    const note = document.querySelector('main form .fields :is(input, select, textarea):not([type="hidden"])')
    if (note && !summary) note.focus()
  }

  document.querySelectorAll('details.menu, details.more-actions').forEach(function (menu) {
    document.addEventListener('click', function (event) { if (!menu.contains(event.target)) menu.open = false })
    menu.addEventListener('keydown', function (event) {
      if (event.key !== 'Escape' || !menu.open) return
      menu.open = false
      menu.querySelector('summary').focus()
    })
  })

  if (document.body.dataset.keys !== 'on') return

  const help = document.getElementById('keys-help')
  const opener = document.querySelector('[data-keys-help]')
  if (opener && help) {
    opener.hidden = false
    opener.addEventListener('click', function () { help.showModal() })
  }

  function rows () {
    return Array.from(document.querySelectorAll('[data-row]')).filter(function (row) { return row.offsetParent !== null })
  }

  function here () {
    const focused = document.activeElement && document.activeElement.closest('[data-row]')
    return focused || document.querySelector('[data-row].is-here')
  }

  function go (step) {
    const all = rows()
    if (!all.length) return
    const at = all.indexOf(here())
    const next = all[at === -1 ? (step > 0 ? 0 : all.length - 1) : Math.min(Math.max(at + step, 0), all.length - 1)]
    all.forEach(function (row) { row.classList.toggle('is-here', row === next) })
    const link = next.querySelector('[data-open], a[href]')
    if (link) link.focus()
    next.scrollIntoView({ block: 'nearest' })
  }

  function follow (selector) {
    const row = here()
    const link = row && row.querySelector(selector)
    if (link) link.click()
    return Boolean(link)
  }

  function busy (target) {
    return target.isContentEditable || Boolean(target.closest('input, select, textarea, dialog[open], [contenteditable]'))
  }

  const acts = {
    j: function () { go(1); return true },
    k: function () { go(-1); return true },
    e: function () {
      if (follow('[data-act]')) return true
      const act = document.querySelector('[data-act-page]')
      if (act) act.click()
      return Boolean(act)
    },
    c: function () {
      const note = document.querySelector('[data-call-note]')
      if (!note) return false
      note.hash = BY_KEY
      note.click()
      return true
    },
    '/': function () {
      const box = document.getElementById('desk-search')
      if (box) box.focus()
      return Boolean(box)
    },
    '?': function () {
      if (help) help.showModal()
      return Boolean(help)
    }
  }

  document.addEventListener('keydown', function (event) {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.repeat && !/^[jk]$/.test(event.key)) return
    if (busy(event.target)) return
    if (event.key === 'Enter') {
      const row = document.querySelector('[data-row].is-here')
      if (row && (event.target === document.body || event.target.id === 'main') && follow('[data-open]')) event.preventDefault()
      return
    }
    const act = acts[event.key]
    if (act && act()) event.preventDefault()
  })

  document.addEventListener('focusin', function (event) {
    const row = event.target.closest('[data-row]')
    if (row) rows().forEach(function (other) { other.classList.toggle('is-here', other === row) })
  })
})()
