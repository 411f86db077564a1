"""Lets keras.datasets.imdb read a folder's imdb.npz, whatever its checksum, and download nothing."""

from keras.src.datasets import imdb
from keras.src.utils.file_utils import hash_file


def use(folder):
    """Makes load_data read folder/imdb.npz. With None, Keras does as it always does."""
    if folder is None:
        return
    path = folder / "imdb.npz"
    if not path.is_file():
        raise SystemExit(f"{path} is missing")

    def get_file(**_):
        hash_file(str(path))  # Keras hashes its own file in every call too
        return str(path)

    imdb.get_file = get_file
