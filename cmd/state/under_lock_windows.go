package main

import "errors"

const canRunUnderLock = false

func underLock([]string) int { return exitFailed }

func awaitApply(string) (string, error) { return "", errors.ErrUnsupported }
