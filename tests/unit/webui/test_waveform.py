import re

from webui.waveform import BAR_PITCH, BARS, HEIGHT, spans, waveform


def ends(path: str) -> list[float]:
    return [float(end) for end in re.findall(r"V([\d.]+)", path)]


def test_each_part_is_one_stroke_up_and_one_down() -> None:
    drawing = waveform(bytes((0, 0, 255, 255, 64, 128)))
    assert drawing.width == 3 * BAR_PITCH
    assert drawing.agent.count("M") == drawing.customer.count("M") == 3


def test_louder_is_longer_and_nothing_leaves_the_drawing() -> None:
    drawing = waveform(bytes((0, 0, 10, 10, 255, 255)))
    up, down = ends(drawing.agent), ends(drawing.customer)
    assert HEIGHT / 2 > up[0] > up[1] > up[2] >= 0
    assert HEIGHT / 2 < down[0] < down[1] < down[2] <= HEIGHT


def test_a_bar_is_as_long_as_its_loudest_moment_and_none_is_left_out() -> None:
    drawing = waveform(bytes((0, 9, 100, 0, 0, 0, 7, 0, 0, 50)), bars=2)
    alone = waveform(bytes((100, 9, 7, 50)))
    assert (drawing.agent, drawing.customer) == (alone.agent, alone.customer)
    assert waveform(bytes(4000)).agent.count("M") == BARS


def test_no_sound_at_all_is_an_empty_drawing() -> None:
    assert waveform(b"").agent == ""


def test_parts_lie_in_the_drawing_where_they_lie_in_time() -> None:
    assert spans([(0, 500), (900, 5000)], 1000, 400) == ((0.0, 200.0), (360.0, 40.0))
    assert spans([(1000, 2000), (5, 5)], 1000, 400) == ()
    assert spans([(0, 1)], 0, 400) == ()
