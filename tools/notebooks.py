"""Run notebooks from a fresh kernel, top to bottom, and store them as the repository keeps them.

    python tools/notebooks.py                       every chapter, every assignment and their templates
    python tools/notebooks.py chapters/01*.ipynb    these
    python tools/notebooks.py --only-normalise ...  do not run, only clean what an editor left behind

Stored are outputs that any machine prints alike. Not stored: progress bars, times, the random model ids and state of live widgets.
"""

import argparse
import os
import sys
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

LIVE_WIDGET = "application/vnd.jupyter.widget-view+json"
KEPT = ("mystnb", "nbgrader", "tags")
"""The metadata of a cell that stay: for the site, for the coursework, for nbval."""
METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"file_extension": ".py", "mimetype": "text/x-python", "name": "python", "pygments_lexer": "ipython3"},
}


def normalise(notebook):
    """Bring ``notebook`` into the form in which it is committed, in place."""
    notebook.metadata = nbformat.from_dict(METADATA)
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    count = 0
    for cell in notebook.cells:
        cell.metadata = nbformat.from_dict({name: cell.metadata[name] for name in KEPT if name in cell.metadata})
        cell.source = cell.source.rstrip()
        if cell.cell_type != "code":
            continue
        count += 1
        cell.execution_count = count
        for output in cell.outputs:
            output.get("data", {}).pop(LIVE_WIDGET, None)
            if "execution_count" in output:
                output.execution_count = count
            if "metadata" in output:
                output.metadata = nbformat.from_dict({})
        cell.outputs = joined([output for output in cell.outputs if output.output_type != "display_data" or output.data])
    return notebook


def joined(outputs):
    """Adjacent pieces of one stream as one piece: where a stream is cut depends on the moment."""
    kept = []
    for output in outputs:
        if kept and output.output_type == kept[-1].output_type == "stream" and output.name == kept[-1].name:
            kept[-1].text += output.text
        else:
            kept.append(output)
    return kept


def execute(notebook, folder):
    """Run ``notebook`` in a fresh kernel whose working directory is ``folder``, in place."""
    os.environ.update(TQDM_DISABLE="1", OPENBLAS_NUM_THREADS="1", OMP_NUM_THREADS="1")
    NotebookClient(notebook, timeout=300, kernel_name="python3", resources={"metadata": {"path": str(folder)}}).execute()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("paths", nargs="*", type=Path, help="notebooks; all if none is named")
    parser.add_argument("--only-normalise", action="store_true", help="do not run the cells")
    options = parser.parse_args()
    root = Path(__file__).resolve().parents[1]
    folders = ("chapters", "coursework/source/*", "templates", "templates/*")
    for path in options.paths or sorted(path for folder in folders for path in root.glob(f"{folder}/*.ipynb")):
        if not path.is_file():
            sys.exit(f"There is no notebook at {path}.")
        notebook = nbformat.read(path, 4)
        start = time.perf_counter()
        try:
            if not options.only_normalise:
                execute(notebook, path.parent)
        except CellExecutionError as error:
            sys.exit(f"{path} was left as it is, because a cell failed:\n{error}")
        nbformat.write(normalise(notebook), path)
        print(f"{path.name}: {time.perf_counter() - start:.1f} s")


if __name__ == "__main__":
    main()
