#!/usr/bin/env bash
# Puts the review into the one comment of a pull request that is for it.
# PULL_REQUEST: its number; REPORT: the review; GH_TOKEN: for gh. The rest is GitHub's.
set -euo pipefail

marker='<!-- webserver-cluster-review -->' # a review's first line
comments="repos/$GITHUB_REPOSITORY/issues/$PULL_REQUEST/comments"

# Only a comment by this workflow's own user is edited, whatever others have quoted.
mine=$(gh api --paginate "$comments" \
  --jq ".[] | select(.user.login == \"github-actions[bot]\" and (.body | startswith(\"$marker\"))) | .id" | sed -n 1p)
if [ -n "$mine" ]; then
  printf '%s\n' "$REPORT" | gh api --silent --method PATCH "repos/$GITHUB_REPOSITORY/issues/comments/$mine" --field body=@-
else
  printf '%s\n' "$REPORT" | gh api --silent --method POST "$comments" --field body=@-
fi
