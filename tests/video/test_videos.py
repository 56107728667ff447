"""Videos and folders of images: frames where they are, odd sizes, deep images, and files that cannot be read."""

import imageio.v3
import numpy as np
import pytest

from datasets.video.video import VideoEndedError, open_video
from neuron_models.foundation.errors import InputError
from neuron_models.foundation.movies import save_movie

FRAMES, HEIGHT, WIDTH = 40, 60, 90


def test_a_movie_slices_like_an_array(movie):
    video = open_video(movie)
    assert video.shape == (FRAMES, 1, HEIGHT, WIDTH)
    assert video.dtype == np.uint8
    assert video.fps == pytest.approx(29.97)
    whole = video[:]
    spots = [np.argwhere(frame[0] > 200).mean(axis=0) for frame in whole]
    assert np.allclose(spots, [(30, 10 + frame) for frame in range(FRAMES)], atol=0.1)  # each is the one asked for
    for index in (17, -1, 3, slice(5, 30, 7), [20, 4, 4], (slice(2, 4), 0, slice(None, None, 2))):
        assert np.array_equal(video[index], whole[index])
    with pytest.raises(InputError, match="there is no frame 40"):
        video[FRAMES]


def test_folders_of_images_of_any_kind(drawn, tmp_path):
    deep = drawn(3)[:, :, 0].astype(np.uint16) * 16  # 12 bits
    for name, image in (("a", deep), ("b", deep // 2)):
        imageio.v3.imwrite(tmp_path / f"{name}.tif", image)
    video = open_video(tmp_path)
    assert video.shape == (2, 1, HEIGHT, WIDTH)
    assert np.array_equal(video[0][0], drawn(3)[:, :, 0])
    assert np.array_equal(video[1][0], drawn(3)[:, :, 0] // 2)  # one scale for all
    colour = tmp_path / "colour"
    colour.mkdir()
    imageio.v3.imwrite(colour / "0.png", np.dstack([drawn(3, colour=True), np.full((HEIGHT, WIDTH), 9, np.uint8)]))
    assert np.array_equal(open_video(colour)[0], drawn(3, colour=True).transpose(2, 0, 1))
    luma = 0.299 * 250 + 0.587 * 60 + 0.114 * 60
    assert open_video(colour, grey=True)[0, 0, 30, 13] == round(luma)
    imageio.v3.imwrite(colour / "1.png", np.zeros((8, 9, 3), np.uint8))
    with pytest.raises(InputError, match="frame 1 has 9 x 8 pixels and the first has 90 x 60"):
        open_video(colour)[:]


def test_videos_that_cannot_be_read(tmp_path):
    with pytest.raises(InputError, match="no such video"):
        open_video(tmp_path / "none.mp4")
    (tmp_path / "text.mp4").write_text("no movie")
    with pytest.raises(InputError, match=r"text\.mp4: not a video that can be decoded"):
        open_video(tmp_path / "text.mp4")
    (tmp_path / "text.png").write_text("no image")
    with pytest.raises(InputError, match="not an image that can be decoded"):
        open_video(tmp_path / "text.png")
    (tmp_path / "text.xyz").write_text("nothing")
    with pytest.raises(InputError, match="not a video that can be read"):
        open_video(tmp_path / "text.xyz")
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="the folder has no images"):
        open_video(tmp_path / "empty")


def read_on(video, kept):
    for frame in video.frames(range(len(video))):
        kept.append(frame)


def test_a_video_that_ends_early_gives_the_frames_before(movie, short_movie):
    short = open_video(short_movie)
    whole, kept = open_video(movie)[:], []
    with pytest.raises(VideoEndedError, match=r"ends early: it announces 40 frames, and frame \d+ cannot") as text:
        read_on(short, kept)
    assert 3 < len(kept) == text.value.frame < FRAMES
    assert np.array_equal(kept, whole[: len(kept)])
    assert len(short.readable()) == len(kept)
    assert len(open_video(movie).readable()) == FRAMES


def test_movies_of_odd_sizes_keep_every_pixel(drawn, tmp_path):
    path = tmp_path / "odd.mp4"
    assert save_movie((drawn(0, size=(61, 91)) for _ in range(3)), path, 10) == 3
    assert open_video(path).shape == (3, 1, 62, 92)
    with pytest.raises(InputError, match="no frames to write"):
        save_movie(iter(()), path, 10)
