// Package browser looks at what people see in a browser: the page of stage, before
// and after a rollout, and the pictures in docs/. It needs Chromium, which no user
// of the project does, and so its tests have the build tag browser and are no part
// of make test: make test-browser.
package browser
