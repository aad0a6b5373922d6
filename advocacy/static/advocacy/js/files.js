/* A file above data-limit-bytes is named before it is sent, so that nothing typed beside it is lost. */
(function () {
  'use strict'
  document.querySelectorAll('input[type="file"][data-limit-bytes]').forEach(function (input) {
    const limit = Number(input.dataset.limitBytes)
    function check () {
      const file = input.files[0]
      const large = file && file.size > limit
      input.setCustomValidity(large
        ? 'This file has ' + Math.round(file.size / 1048576) + ' MB; the limit is ' + Math.floor(limit / 1048576) + ' MB. Scan it in black and white, or split it into parts.'
        : '')
      if (large) input.reportValidity()
      return !large
    }
    input.addEventListener('change', check)
    input.form.addEventListener('submit', function (event) { if (!check()) event.preventDefault() })
  })
})()
