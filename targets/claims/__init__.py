"""Small programs that put claims about the libraries to the test, each to be read and run by itself."""
