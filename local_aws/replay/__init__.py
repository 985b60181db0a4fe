"""Executions run again without AWS: in virtual time, with the results that their tasks are said to have."""
