"""Names that attack whoever shows them."""

METHOD = "</script><script>window.owned=1</script><img src=x onerror=window.owned=1>"
CLASS = "<img src=x onerror=window.owned=1> & \u2028 '\"`${window.owned=1}"
FORMULA = "=HYPERLINK(1)"
