"""How a test says what is amiss: in sentences, and without a traceback of its own."""

import pytest


def none(complaints, where=""):
    """Fail with every complaint on a line of its own, behind the place that it is about."""
    __tracebackhide__ = True
    found = [f"{where}: {sentence}" if where else sentence for sentence in complaints]
    if found:
        pytest.fail("\n".join(found), pytrace=False)
