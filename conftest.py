"""What every test run needs, whichever folder it starts in: quiet progress bars and one thread, also in the notebooks' kernels."""

import os

collect_ignore_glob = ["*/wrong.py", "*/check.py"]  # many of one name, and no modules

os.environ.update(TQDM_DISABLE="1", OPENBLAS_NUM_THREADS="1", OMP_NUM_THREADS="1", JUPYTER_PLATFORM_DIRS="1")
