"""How imports answer: what was taken, or every fault of the file."""

from pydantic import BaseModel, ConfigDict

from app.register.imports import Imported, ImportIncomplete, TableUnfit


class ImportedOut(BaseModel):
    """What an import has done."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"imported": 277, "unchanged": 0, "unpinned": ["R0042"]}}
    )

    imported: int
    unchanged: int
    unpinned: list[str]

    @staticmethod
    def of(imported: Imported) -> "ImportedOut":
        """Return the answer of an import."""
        return ImportedOut(
            imported=imported.imported,
            unchanged=imported.unchanged,
            unpinned=list(imported.unpinned),
        )


__all__ = ["ImportIncomplete", "ImportedOut", "TableUnfit"]
