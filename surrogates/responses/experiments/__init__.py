"""The five experiments of the paper: their runs, tables, plots and report."""
