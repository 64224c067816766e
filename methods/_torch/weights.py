"""The mark of starting weights in INFO.weights; no heavy imports."""

START = "where a fit starts"
"""`part` of a file that holds no detector, but weights that the method's fits start from"""
