package zerodowntime

import (
	"fmt"
	"image/color"
	"slices"
	"time"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/text"
)

// panel is a strip of the picture with a scale of its own.
type panel struct {
	low  float64 // its bottom, in rows
	most float64 // what its top stands for
}

func (p panel) y(value float64) float64 { return p.low + value/p.most*panelRows }

// drawing is a plot.Plotter.
type drawing struct {
	run                *Run
	plot               *plot.Plot
	lives              []Life // from top to bottom
	versions           []string
	requests, capacity panel
	deploys, legend    float64 // bottoms, in rows
	top                float64
	ticks              []plot.Tick
}

// measure decides what stands where, from the bottom up.
func (d *drawing) measure() {
	for _, l := range d.run.Lives {
		l.Spans = slices.DeleteFunc(slices.Clone(l.Spans), func(s Span) bool { return !s.To.IsZero() && s.To.Before(d.run.Start) })
		d.lives = append(d.lives, l)
	}
	for i, l := range d.lives {
		d.ticks = append(d.ticks, plot.Tick{Value: d.row(i) + 0.5, Label: l.Instance[:min(8, len(l.Instance))]})
		if !slices.Contains(d.versions, l.Version) {
			d.versions = append(d.versions, l.Version)
		}
	}
	at := float64(len(d.lives))
	d.deploys = at
	d.ticks = append(d.ticks, plot.Tick{Value: at + 0.5, Label: "deploy"})
	at += 1 + gapRows

	serving := 0
	for _, m := range d.moments() {
		serving = max(serving, servingAt(d.run.Lives, m))
	}
	d.capacity = panel{at, float64(serving + 1)}
	for n := range serving + 1 {
		d.ticks = append(d.ticks, plot.Tick{Value: d.capacity.y(float64(n)), Label: fmt.Sprint(n)})
	}
	at += panelRows + gapRows

	sent := 0
	for _, s := range d.run.Seconds {
		sent = max(sent, s.Sent)
	}
	d.requests = panel{at, float64(sent) * 1.35}
	step := 100
	if sent < step {
		step = 20
	}
	for n := 0; n <= sent; n += step {
		d.ticks = append(d.ticks, plot.Tick{Value: d.requests.y(float64(n)), Label: fmt.Sprint(n)})
	}
	at += panelRows + gapRows
	d.legend = at
	d.top = at + 1
}

// row is the bottom of an instance's row.
func (d *drawing) row(i int) float64 { return float64(len(d.lives) - 1 - i) }

// x is a moment in seconds.
func (d *drawing) x(t time.Time) float64 { return t.Sub(d.run.Start).Seconds() }

// moments are when the number of serving instances may change.
func (d *drawing) moments() []time.Time {
	moments := []time.Time{d.run.Start}
	for _, l := range d.run.Lives {
		for _, s := range l.Spans {
			for _, t := range []time.Time{s.From, s.To} {
				if t.After(d.run.Start) && t.Before(d.run.End) {
					moments = append(moments, t)
				}
			}
		}
	}
	slices.SortFunc(moments, time.Time.Compare)
	return append(moments, d.run.End)
}

// fill is the colour of an instance in a state.
func (d *drawing) fill(l Life, s State) color.NRGBA {
	own := versionIn[slices.Index(d.versions, l.Version)%len(versionIn)]
	switch s {
	case Serving:
		return own
	case Failing:
		return red
	case Down:
		return ink
	}
	if !l.Served() && len(l.spans(Draining)) > 0 {
		return pink
	}
	return pale(own, map[State]float64{Starting: 0.75, Draining: 0.5}[s])
}

// pale mixes c with white.
func pale(c color.NRGBA, white float64) color.NRGBA {
	mix := func(v uint8) uint8 { return uint8(float64(v)*(1-white) + 255*white) }
	return color.NRGBA{mix(c.R), mix(c.G), mix(c.B), 0xff}
}

func (d *drawing) drawRequests(b brush) {
	end := d.plot.X.Max
	b.line(grey, 0.5, []float64{0, end}, []float64{d.requests.low, d.requests.low})
	var x, y []float64
	for i, s := range d.run.Seconds {
		if i == 0 || i == len(d.run.Seconds)-1 {
			continue // not a whole second
		}
		at, next := d.x(s.Start), d.x(s.Start.Add(time.Second))
		x, y = append(x, at, next), append(y, d.requests.y(float64(s.Sent)), d.requests.y(float64(s.Sent)))
		if s.Failed > 0 {
			b.box(red, at, next, d.requests.low, d.requests.y(float64(s.Failed)))
		}
	}
	b.line(ink, 1.25, x, y)
	b.title(0, d.requests.low+panelRows, "requests per second")
	n := len(d.run.Failures)
	b.write(map[bool]color.Color{true: green, false: red}[n == 0], end, d.requests.low+panelRows, text.XRight, failures(n))
}

func (d *drawing) drawCapacity(b brush) {
	var x, y []float64
	before := -1
	for _, m := range d.moments() {
		n := servingAt(d.run.Lives, m)
		if m.Equal(d.run.End) {
			n = before
		}
		if before >= 0 {
			x, y = append(x, d.x(m)), append(y, d.capacity.y(float64(before)))
		}
		x, y = append(x, d.x(m)), append(y, d.capacity.y(float64(n)))
		before = n
	}
	b.area(pale(green, 0.75), x, y, d.capacity.low)
	b.line(green, 1.5, x, y)
	b.line(grey, 0.5, []float64{0, d.plot.X.Max}, []float64{d.capacity.low, d.capacity.low})
	b.title(0, d.capacity.low+panelRows, "instances that serve")
	b.write(ink, d.plot.X.Max, d.capacity.low+panelRows, text.XRight, fmt.Sprintf("never fewer than %d", d.run.Lowest()))
}

func (d *drawing) drawBars(b brush) {
	const margin = (1 - barHeight) / 2
	bar := func(c color.NRGBA, from, to time.Time, row float64) {
		if to.IsZero() || to.After(d.run.End) {
			to = d.run.End
		}
		if from.Before(d.run.Start) {
			from = d.run.Start
		}
		if from.Before(to) {
			b.box(c, d.x(from), d.x(to), row+margin, row+1-margin)
		}
	}
	for _, deploy := range d.run.Deploys {
		end := deploy.Start.Add(deploy.Took)
		bar(faint, deploy.Start, end, d.deploys)
		words, c := "cdktf deploy: ok", ink
		if deploy.Err != nil {
			words, c = "cdktf deploy: failed", red
		}
		b.write(c, d.x(deploy.Start.Add(deploy.Took/2)), d.deploys+0.5, text.XCenter, words)
	}
	for i, l := range d.lives {
		for _, s := range l.Spans {
			bar(d.fill(l, s.State), s.From, s.To, d.row(i))
		}
	}
}

// drawLegend writes a line that explains the colours that are there.
func (d *drawing) drawLegend(b brush) {
	at := 0.0
	second := float64(b.x(1) - b.x(0)) // in points
	for _, e := range d.entries() {
		swatch := 14 / second
		part := swatch / float64(len(e.colours))
		for i, c := range e.colours {
			b.box(c, at+float64(i)*part, at+float64(i+1)*part, d.legend+0.25, d.legend+0.75)
		}
		b.write(ink, at+swatch*1.4, d.legend+0.5, text.XLeft, e.words)
		at += swatch*3 + float64(b.style.Width(e.words))/second
	}
}

// entry is what the legend says of colours: a state has one for each version.
type entry struct {
	colours []color.NRGBA
	words   string
}

func (d *drawing) entries() (entries []entry) {
	add := func(c color.NRGBA, words string) {
		i := slices.IndexFunc(entries, func(e entry) bool { return e.words == words })
		if i < 0 {
			entries = append(entries, entry{[]color.NRGBA{c}, words})
		} else if !slices.Contains(entries[i].colours, c) {
			entries[i].colours = append(entries[i].colours, c)
		}
	}
	for _, v := range d.versions {
		for _, l := range d.lives {
			if l.Version == v && l.Served() {
				add(d.fill(l, Serving), "version "+v+" serves")
			}
		}
	}
	for _, state := range []State{Starting, Draining, Failing, Down} {
		for _, l := range d.lives {
			if l.spans(state) == nil {
				continue
			}
			switch c := d.fill(l, state); {
			case c == pink:
				add(pink, "version "+l.Version+" never healthy")
			case state == Starting:
				add(c, "starts")
			case state == Draining:
				add(c, "drains")
			default:
				add(c, map[State]string{Failing: "unhealthy", Down: "dead, unnoticed"}[state])
			}
		}
	}
	return entries
}
