"""The words everybody uses: standard library and numpy only, importing nothing else of ours."""
