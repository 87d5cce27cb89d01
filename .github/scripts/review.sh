#!/usr/bin/env bash
# Writes the review of a pull request into the run's summary and into this step's output. It fails
# as the review does: if a change puts data at risk, is refused, or is one that no rule knows.
# PLAN: "true" where there are credentials for a plan. The rest is GitHub's.
set -euo pipefail

# GitHub has checked out what a merge would make: it is compared with the branch as it was then.
arguments=(--format markdown --fail-on data-at-risk)
if [ "$PLAN" = true ]; then
  arguments+=(--plan)
else
  echo "::notice title=A review without a plan::Without AWS credentials, the review compares the code, not what is on AWS. docs/team.md has how to set them up; a fork's pull request gets none."
fi

status=0
mkdir -p build
build/review "${arguments[@]}" > build/review.md || status=$?
[ "$status" -le 1 ] || exit "$status" # there is no report

cat build/review.md >> "$GITHUB_STEP_SUMMARY"
# GitHub refuses a comment of more than 65536 characters, and Linux a variable of more than
# 128 KiB (https://man7.org/linux/man-pages/man2/execve.2.html), which 4 bytes each can be.
report=$(cat build/review.md)
if [ "${#report}" -gt 30000 ]; then
  report="${report:0:30000}

… The rest is in the summary of the run."
fi
# A delimiter that no report can have guessed:
# https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands#multiline-strings
delimiter=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
printf 'report<<%s\n%s\n%s\n' "$delimiter" "$report" "$delimiter" >> "$GITHUB_OUTPUT"
exit "$status"
