"""Learning to Remember, in code: import the module you need, such as ``from lstmbook import tasks``."""
