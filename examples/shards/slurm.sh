#!/bin/sh
# slurm.sh - uploads a file in eight parts, as a Slurm array; the folder is shared, so each part has its journal there.
# A part that fails or is requeued goes on where it was: sbatch it again with the same array.
#
#     sbatch examples/shards/slurm.sh rows.jsonl --type textcollection --project airports --batch monday
#     scalua finalize monday --expect 3376          (when all parts are through)
#
#SBATCH --array=1-8
#SBATCH --requeue
#SBATCH --cpus-per-task=1
#SBATCH --time=12:00:00

export SCALE_API_KEY_FILE="$HOME/.scale-key"
exec scalua upload "$@" --shard auto
