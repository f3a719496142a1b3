"""A question divided into shards: each cell in one of them, balanced, and the same wherever it is asked."""

from __future__ import annotations

import pytest

from heartbed.cells.cell import Cell
from heartbed.cells.expressions import select
from heartbed.cells.shards import Division, divided, question
from heartbed.errors import InputError

CELLS = select(["{prefork,event,worker}-{embedded,daemon}-{eventlet,native}-processes{1,4}"]).cells


def weight(cell: Cell) -> int:
    return cell.process_count


@pytest.mark.parametrize("of", [1, 2, 3, 5, 24])
def test_every_cell_is_in_one_shard_and_none_has_much_more_than_another(of: int) -> None:
    shards = divided(CELLS, of, weight)
    assert sorted(cell.name for shard in shards for cell in shard) == sorted(cell.name for cell in CELLS)
    loads = [sum(map(weight, shard)) for shard in shards]
    assert max(loads) - min(loads) <= max(map(weight, CELLS))
    assert all([*shard] == [cell for cell in CELLS if cell in shard] for shard in shards)


def test_a_shard_is_the_same_wherever_it_is_asked_for() -> None:
    mine, share = Division.named("2/5").share(CELLS, weight)
    assert (mine, share) == Division(2, 5).share(CELLS, weight)
    assert share.cells == tuple(cell.name for cell in mine)
    assert share.question == Division(1, 5).share(CELLS, weight)[1].question


def test_shards_of_other_cells_are_of_another_question() -> None:
    assert question(CELLS) == question(CELLS[::-1]) != question(CELLS[1:])


@pytest.mark.parametrize("text", ["", "2", "0/3", "4/3", "1/0", "-1/2", "a/b", "1/2/3", "1.5/3", "9" * 30 + "/2"])
def test_what_is_no_shard_is_wrong_input(text: str) -> None:
    with pytest.raises(InputError, match="is not a shard"):
        Division.named(text)


def test_more_shards_than_cells_leave_nothing_for_the_last() -> None:
    with pytest.raises(InputError, match="nothing is left for shard 25/25: there are 24 cells"):
        Division(25, 25).share(CELLS, weight)
