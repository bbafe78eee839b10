"""How exports lay labels out: a module a layout, named here."""

from annotator.releases.layouts import folder, kwise, pairs, unpaired, verdicts, webdataset
from annotator.releases.layouts.writing import LayoutKind
from annotator.releases.models import Layout

LAYOUTS: dict[Layout, LayoutKind] = {
    Layout.VERDICTS_JSONL: verdicts.layout("jsonl", 'datasets.load_dataset("json", data_files="verdicts.jsonl")'),
    Layout.VERDICTS_CSV: verdicts.layout("csv", 'pandas.read_csv("verdicts.csv")'),
    Layout.VERDICTS_PARQUET: verdicts.layout("parquet", 'pandas.read_parquet("verdicts.parquet")'),
    Layout.KWISE: kwise.LAYOUT,
    Layout.PAIRS: pairs.LAYOUT,
    Layout.UNPAIRED: unpaired.LAYOUT,
    Layout.FOLDER: folder.LAYOUT,
    Layout.WEBDATASET: webdataset.LAYOUT,
}
