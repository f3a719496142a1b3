"""The container and the unit of a process, by the text of its control group."""

from __future__ import annotations

import pytest

from heartbed.look.belonging import Belonging, read_cgroup

ID = "0123456789abcdef" * 4


@pytest.mark.parametrize(
    ("text", "belonging"),
    [
        (f"0::/system.slice/docker-{ID}.scope\n", Belonging(ID, "docker")),
        (f"12:memory:/docker/{ID}\n0::/\n", Belonging(ID, "docker")),
        (f"0::/machine.slice/libpod-{ID}.scope/container\n", Belonging(ID, "podman")),
        (f"0::/kubepods.slice/kubepods-pod1.slice/cri-containerd-{ID}.scope\n", Belonging(ID, None)),
        ("0::/system.slice/httpd.service\n", Belonging(unit="httpd.service")),
        ("0::/system.slice/system-nova.slice/nova@1.service/worker\n", Belonging(unit="nova@1.service")),
        (f"0::/system.slice/kolla.service/docker-{ID}.scope\n", Belonging(ID, "docker", "kolla.service")),
        ("0::/\n", Belonging()),
    ],
    ids=["docker", "docker, cgroup v1", "podman", "containerd", "unit", "unit with a sub-group", "both", "neither"],
)
def test_control_group_names_container_and_unit(text: str, belonging: Belonging) -> None:
    assert read_cgroup(text) == belonging
