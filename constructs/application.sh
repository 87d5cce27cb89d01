#!/bin/bash
# Fetches the application and has systemd run it. The AWS CLI, tar and systemd are
# part of Amazon Linux 2023.
set -euo pipefail

@FACTS@
# Not in /tmp, which is memory on Amazon Linux 2023.
# https://docs.aws.amazon.com/linux/al2023/ug/filesystem-slash-tmp.html
archive=$(mktemp -p /var/tmp)
# What the instance's role may do holds everywhere only after some seconds.
for attempt in {1..60}; do
  aws s3api get-object --region "@REGION@" --bucket "@BUCKET@" --key "@KEY@" --version-id "@VERSION@" "$archive" > /dev/null && break
  if [ "$attempt" = 60 ]; then
    echo "application: s3://@BUCKET@/@KEY@ did not come, version @VERSION@" >&2
    exit 1
  fi
  sleep 5
done
echo "@DIGEST@  $archive" | sha256sum --check --quiet
install -d -m 755 /opt/application
tar -xf "$archive" -C /opt/application --no-same-owner
rm "$archive"

cat > /etc/systemd/system/application.service <<'UNIT'
[Unit]
Description=@NAME@
Wants=network-online.target
After=network-online.target
StartLimitIntervalSec=0

[Service]
ExecStart=@COMMAND@
WorkingDirectory=/opt/application
EnvironmentFile=@FACTS_FILE@
User=@USER@
DynamicUser=yes
@CAPABILITIES@Restart=always
RestartSec=1
KillSignal=SIGTERM
TimeoutStopSec=@STOP_SECONDS@

[Install]
WantedBy=multi-user.target
UNIT

systemctl daemon-reload
systemctl enable --now application.service
