import re

from webui.waveform import BAR_PITCH, HEIGHT, waveform


def ends(path: str) -> list[float]:
    return [float(end) for end in re.findall(r"V([\d.]+)", path)]


def test_each_part_is_one_stroke_up_and_one_down() -> None:
    drawing = waveform([(0, 0), (255, 255), (64, 128)])
    assert drawing.width == 3 * BAR_PITCH
    assert drawing.agent.count("M") == drawing.customer.count("M") == 3


def test_louder_is_longer_and_nothing_leaves_the_drawing() -> None:
    drawing = waveform([(0, 0), (10, 10), (255, 300)])
    up, down = ends(drawing.agent), ends(drawing.customer)
    assert HEIGHT / 2 > up[0] > up[1] > up[2] >= 0
    assert HEIGHT / 2 < down[0] < down[1] < down[2] <= HEIGHT


def test_no_sound_at_all_is_an_empty_drawing() -> None:
    assert waveform([]).agent == ""
