#!/usr/bin/env bash
# Fails if the branch has a newer commit than this run's: that one's own run deploys it. GitHub may
# begin the runs of two pushes in another order than they came in.
# GH_TOKEN: for gh. The rest is GitHub's.
set -euo pipefail

newest=$(gh api "repos/$GITHUB_REPOSITORY/commits/$GITHUB_REF_NAME" --jq .sha)
if [ "$newest" != "$GITHUB_SHA" ]; then
  echo "::error title=Not the newest commit of $GITHUB_REF_NAME::$GITHUB_REF_NAME is at commit $newest, which has a run of its own, and this run is of $GITHUB_SHA. To go back to it on purpose, run all jobs of this one again."
  exit 1
fi
echo "$GITHUB_REF_NAME is at commit $GITHUB_SHA."
