package main

import "errors"

const canRunUnderLock = false

func underLock([]string) int { return exitFailed }

func awaitApply(string) (bool, error) { return false, errors.ErrUnsupported }
