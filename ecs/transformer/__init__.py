"""The transformer: turns one accepted order file into daily KPIs and commits them in one transaction."""
