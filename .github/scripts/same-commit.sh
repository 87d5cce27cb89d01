#!/usr/bin/env bash
# Fails unless the newest deploy of an environment is of this commit, and succeeded. While this
# run waited for an approval, another one may have deployed another commit there.
# AFTER: the environment; GH_TOKEN: for gh. The rest is GitHub's.
set -euo pipefail

deployments="repos/$GITHUB_REPOSITORY/deployments"
newest=$(gh api "$deployments?environment=$AFTER&per_page=1" --jq '.[0] | "\(.id) \(.sha)"')
read -r id commit <<< "$newest"
state=none
if [ "$id" != null ]; then
  state=$(gh api "$deployments/$id/statuses?per_page=1" --jq '.[0].state')
fi
if [ "$commit" != "$GITHUB_SHA" ] || [ "$state" != success ]; then
  echo "::error title=Not the commit that $AFTER runs::The newest deploy of $AFTER is of commit $commit ($state), and this run is of $GITHUB_SHA. Approve the run of that commit, or run this one again from its start."
  exit 1
fi
echo "$AFTER runs commit $GITHUB_SHA."
