"""Films of many codecs, containers, rotations and rates: every frame is the one that FFmpeg shows."""

import shutil
import subprocess

import cv2
import numpy as np
import pytest

from datasets.video.video import open_video

imageio_ffmpeg = pytest.importorskip("imageio_ffmpeg")

WIDTH, HEIGHT, NUMBER = 80, 48, 40
DRAW = "lum='40+mod(2*X+Y+31*N,170)':cb='128+30*sin(N)':cr='128+30*cos(N+X/20)'"
SOURCE = ("-f", "lavfi", "-i", f"nullsrc=size={WIDTH}x{HEIGHT}:rate=25:duration={NUMBER / 25},geq={DRAW}")
X264 = "-c:v libx264 -g 12"
OPEN = f"{X264} -x264-params open-gop=1:bframes=3"
REFRESH = "-c:v libx264 -x264-params intra-refresh=1:keyint=12"
X265 = "-c:v libx265 -x265-params log-level=none:keyint=12"
VP8 = "-c:v libvpx -auto-alt-ref 1 -lag-in-frames 16 -b:v 200k -g 12"
GAPS = "-vf select=not(between(mod(n\\,11)\\,3\\,5)) -fps_mode vfr"
B_FRAMES = "-bf 2 -g 12"
RAW = "-c:v rawvideo -pix_fmt"

DRAWN = {
    "h264.mp4": X264,
    "h264.avi": X264,
    "h264.mkv": X264,
    "h264.mov": X264,
    "h264.m4v": X264,
    "h264.ts": X264,
    "h264.flv": X264,
    "h264.h264": X264,
    "open.mp4": OPEN,
    "open.ts": OPEN,
    "refresh.mp4": REFRESH,
    "refresh.ts": REFRESH,
    "fragments.mp4": f"{X264} -movflags frag_keyframe+empty_moov",
    "full_range.mp4": f"{X264} -pix_fmt yuvj420p",
    "grey.mp4": f"{X264} -pix_fmt gray",
    "gaps.mp4": f"{GAPS} {X264}",
    "gaps.mkv": f"{GAPS} {X264}",
    "hevc.mp4": X265,
    "hevc.ts": X265,
    "hevc.hevc": X265,
    "vp8.webm": VP8,
    "vp8.mkv": VP8,
    "vp9.webm": "-c:v libvpx-vp9 -b:v 200k -g 12 -auto-alt-ref 1 -lag-in-frames 16",
    "mpeg4.avi": "-c:v mpeg4 -g 12",
    "mpeg4_b.avi": f"-c:v mpeg4 {B_FRAMES}",
    "mpeg4_b.mp4": f"-c:v mpeg4 {B_FRAMES}",
    "mpeg1.mpg": f"-c:v mpeg1video {B_FRAMES}",
    "mpeg2.mpg": f"-c:v mpeg2video {B_FRAMES}",
    "mpeg2.ts": f"-c:v mpeg2video {B_FRAMES}",
    "mpeg2.avi": f"-c:v mpeg2video {B_FRAMES}",
    "mpeg2.vob": f"-c:v mpeg2video {B_FRAMES} -f vob",
    "wmv.wmv": "-c:v wmv2 -g 12",
    "msmpeg4.avi": "-c:v msmpeg4v2 -g 12",
    "theora.ogv": "-c:v libtheora -g 12",
    "flv1.flv": "-c:v flv -g 12",
    "mjpeg.avi": "-c:v mjpeg -q:v 3",
    "mjpeg.mjpeg": "-c:v mjpeg -q:v 3",
    "huffyuv.avi": "-c:v huffyuv",
    "ffv1.mkv": "-c:v ffv1",
    "ffv1_12bit.mkv": "-c:v ffv1 -pix_fmt gray12le",
    "raw_bgr.avi": f"{RAW} bgr24",
    "raw_grey.avi": f"{RAW} gray",
    "png.mov": "-c:v png",
    "prores.mov": "-c:v prores",
    "moving.gif": "",
    "mpeg4_b.nut": f"-c:v mpeg4 {B_FRAMES}",
    "mpeg2.mxf": f"-c:v mpeg2video {B_FRAMES}",
}
"""Drawn by FFmpeg, by the name of the file."""

COPIED = {
    "cut.mp4": ("-ss 0.6", ""),
    "cut.mkv": ("-ss 0.6", ""),
    "cut_both_ends.mp4": ("-ss 0.6 -t 0.7", ""),
    "late.mp4": ("-itsoffset 0.7", ""),
    "quarter.mp4": ("-display_rotation 90", ""),
    "half.mov": ("-display_rotation 180", ""),
    "three_quarters.mp4": ("-display_rotation 270", ""),
    "mirrored.mp4": ("-display_hflip", ""),
    "upside_down.mov": ("-display_vflip", ""),
    "turned_and_mirrored.mp4": ("-display_rotation 90 -display_hflip", ""),
    "copied.avi": ("", ""),
    "copied.ts": ("", ""),
}
"""Copied from the first of the drawn films, by what stands before the input and after it."""


def ffmpeg(*arguments) -> bytes:
    call = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-y", *map(str, arguments)]
    return subprocess.run(call, check=True, capture_output=True).stdout


@pytest.fixture(scope="module")
def first(tmp_path_factory):
    path = tmp_path_factory.mktemp("films") / "h264.mp4"
    ffmpeg(*SOURCE, *DRAWN["h264.mp4"].split(), path)
    return path


@pytest.fixture(params=[*DRAWN, *COPIED])
def film(request, first, tmp_path):
    path = tmp_path / request.param
    if request.param in DRAWN:
        ffmpeg(*SOURCE, *DRAWN[request.param].split(), path)
    else:
        before, after = (part.split() for part in COPIED[request.param])
        ffmpeg(*before, "-i", first, "-c", "copy", *after, path)
    return path


def shown_by_ffmpeg(path, shape) -> np.ndarray:
    content = ffmpeg("-i", path, "-fps_mode", "passthrough", "-f", "rawvideo", "-pix_fmt", "rgb24", "-")
    return np.frombuffer(content, np.uint8).reshape(-1, *shape, 3).transpose(0, 3, 1, 2)


def test_every_frame_is_the_one_that_ffmpeg_shows(film):
    video = open_video(film, grey=False)
    turned = film.stem in ("quarter", "three_quarters", "turned_and_mirrored")
    shown = shown_by_ffmpeg(film, (WIDTH, HEIGHT) if turned else (HEIGHT, WIDTH))
    frames = np.stack(list(video.frames(range(len(video)))))
    assert frames.shape == shown.shape
    away = np.abs(frames.astype(int) - shown).mean(axis=(1, 2, 3))
    other = np.abs(frames[1:].astype(int) - shown[:-1]).mean(axis=(1, 2, 3))
    assert away.max() < 2.5 < np.median(other)  # chroma is enlarged in other ways; the frame before is another
    sought = open_video(film, grey=False)
    for index in np.random.default_rng(0).permutation(len(video))[:12]:
        assert np.array_equal(sought[int(index)], frames[index])
    luma = np.tensordot(np.array([0.299, 0.587, 0.114]), shown[-1].astype(float), 1)
    assert np.abs(open_video(film, grey=True)[-1][0] - luma).mean() < 6  # colours that red, green and blue lack


@pytest.mark.parametrize("name", ["h264.avi", "mpeg2.mpg", "gaps.mp4", "mpeg4_b.avi"])
def test_opencv_counts_as_many_frames(name, tmp_path):
    ffmpeg(*SOURCE, *DRAWN[name].split(), tmp_path / name)
    capture, number = cv2.VideoCapture(str(tmp_path / name)), 0
    while capture.read()[0]:
        number += 1
    assert len(open_video(tmp_path / name)) == number


def test_the_rate_is_that_of_the_times(tmp_path, first):
    ffmpeg("-i", first, "-f", "lavfi", "-i", "sine=duration=1.6", "-c:v", "copy", "-c:a", "mp2", tmp_path / "sound.avi")
    assert open_video(tmp_path / "sound.avi").fps == pytest.approx(25)  # its header says 600
    ffmpeg(*SOURCE, *DRAWN["gaps.mkv"].split(), tmp_path / "gaps.mkv")
    video = open_video(tmp_path / "gaps.mkv")
    assert video.fps == pytest.approx((len(video) - 1) / (39 / 25), rel=0.02)


def test_a_film_that_fades_in_has_its_colours(tmp_path):
    ffmpeg(*SOURCE, "-vf", "fade=in:0:20", *X264.split(), tmp_path / "fade.mp4")
    assert open_video(tmp_path / "fade.mp4").shape[1] == 3
    ffmpeg(*SOURCE, "-vf", "hue=s=0", *X264.split(), tmp_path / "grey.mp4")
    assert open_video(tmp_path / "grey.mp4").shape[1] == 1


def test_images_in_the_order_of_their_numbers_and_as_their_camera_was_held(tmp_path):
    from PIL import Image

    for number in (10, 2, 1):
        Image.fromarray(np.full((16, 24), 20 * number, np.uint8)).save(tmp_path / f"img{number}.png")
    assert open_video(tmp_path)[:, 0, 0, 0].tolist() == [20, 40, 200]
    shutil.rmtree(tmp_path / "photographs", ignore_errors=True)
    (tmp_path / "photographs").mkdir()
    path = tmp_path / "photographs" / "one.jpg"
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by a quarter
    Image.fromarray(np.repeat(np.arange(24, dtype=np.uint8)[None] * 10, 16, 0)).save(path, exif=exif, quality=95)
    assert np.abs(open_video(path, grey=True)[0, 0].astype(int) - cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)).max() < 3
