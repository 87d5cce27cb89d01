package servers

import "io"

func runAWS(args []string, stdout, stderr io.Writer) int { return 255 }
