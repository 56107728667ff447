"""How hard the generator's frames are for the mean pose and a template matcher: key points within 2.5 % of a body."""

import sys
from time import process_time

import numpy as np
from machine import describe

from datasets.pose.generator.baselines import mean_pose, template_match
from datasets.pose.generator.sample import ANIMALS, SampleSettings, make_sample


def main(labelled: int = 100, new: int = 100, seeds: int = 3) -> None:
    """Print the share of key points for each animal and seed, and the seconds that its frames took."""
    print(describe())
    for animal in ANIMALS:
        for seed in range(seeds):
            started = process_time()
            sample = make_sample(SampleSettings(animal, labelled + new, seed=seed))
            seconds = process_time() - started
            images, keypoints = (np.concatenate(each) for each in zip(*((t.x, t.y) for t in sample), strict=True))
            order = np.random.default_rng(0).permutation(len(images))
            train, test = order[:labelled], order[labelled:]
            length = np.mean(list(sample.extra["body_length"].values()))
            print(f"{animal}, seed {seed}: {labelled + new} frames in {seconds:.1f} s, body {length:.1f} px")
            guesses = {
                "mean pose": mean_pose(keypoints[train], len(test)),
                "template matcher": template_match(images[train], keypoints[train], images[test]),
            }
            for name, guess in guesses.items():
                away = np.linalg.norm(guess - keypoints[test], axis=-1)
                share = 100 * (away <= 0.025 * length).mean()
                print(f"    {name}: {share:.1f} % within 2.5 %, median {np.median(away):.2f} px", flush=True)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
