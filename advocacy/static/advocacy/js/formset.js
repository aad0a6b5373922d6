/* "Add another" for a formset. Without script the page has spare empty rows; with it, the row in the template element is
   copied with the next number and TOTAL_FORMS counts it. */
(function () {
  'use strict'
  document.querySelectorAll('[data-formset]').forEach(function (box) {
    const template = box.querySelector('template[data-formset-empty]')
    const total = box.querySelector('input[name="' + box.dataset.formset + '-TOTAL_FORMS"]')
    const most = box.querySelector('input[name="' + box.dataset.formset + '-MAX_NUM_FORMS"]')
    if (!template || !total) return
    const button = document.createElement('button')
    button.type = 'button'
    button.className = 'button button--quiet'
    button.textContent = box.dataset.addLabel
    template.before(button)

    function full () { return Boolean(most && most.value && Number(total.value) >= Number(most.value)) }

    button.disabled = full()
    button.addEventListener('click', function () {
      const index = Number(total.value)
      const row = template.content.firstElementChild.cloneNode(true)
      row.querySelectorAll('*').forEach(function (node) {
        Array.from(node.attributes).forEach(function (attribute) {
          if (attribute.value.includes('__prefix__')) node.setAttribute(attribute.name, attribute.value.replaceAll('__prefix__', index))
        })
      })
      const number = row.querySelector('[data-formset-number]')
      if (number) number.textContent = index + 1
      button.before(row)
      total.value = index + 1
      button.disabled = full()
      const field = row.querySelector('input:not([type="hidden"]), select, textarea')
      if (field) field.focus()
    })
  })
})()
