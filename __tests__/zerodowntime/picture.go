package zerodowntime

import (
	"errors"
	"fmt"
	"image/color"
	"math"
	"os"
	"slices"
	"time"

	xfont "golang.org/x/image/font"
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
)

// Colours. Those of versions differ in lightness, too, for people who see
// colours otherwise.
var (
	ink       = color.NRGBA{0x33, 0x33, 0x33, 0xff}
	faint     = color.NRGBA{0xdd, 0xdd, 0xdd, 0xff}
	grey      = color.NRGBA{0x99, 0x99, 0x99, 0xff}
	red       = color.NRGBA{0xd6, 0x27, 0x28, 0xff}
	green     = color.NRGBA{0x2c, 0x8a, 0x3d, 0xff}
	pink      = color.NRGBA{0xf6, 0xc1, 0xbd, 0xff}
	versionIn = []color.NRGBA{{0x2f, 0x5f, 0x9e, 0xff}, {0xf2, 0x9e, 0x2e, 0xff}, {0x5b, 0xb3, 0x6a, 0xff}, {0x9a, 0x6f, 0xb0, 0xff}}
)

// Sizes. All of the picture is one plot whose vertical unit is a row: an
// instance's, or a part of the panels above.
const (
	width     = 11 * vg.Inch
	rowHeight = 0.3 * vg.Inch
	barHeight = 0.72 // of a row
	panelRows = 3.0
	gapRows   = 0.9
	textSize  = vg.Length(11)
	titleSize = vg.Length(15)
)

// Picture draws the run to a PNG file: requests per second and failures,
// serving instances, the deploys, and below them each instance as a bar.
func (r *Run) Picture(path string) error {
	p := plot.New()
	d := &drawing{run: r, plot: p}
	d.measure()

	p.Title.Text = fmt.Sprintf("%s: %d requests, %s", r.Name, r.Sent(), failures(len(r.Failures)))
	p.Title.Padding = 0.15 * vg.Inch
	p.Title.TextStyle.Color = ink
	p.Title.TextStyle.Font = bold(titleSize)
	p.X.Label.Text = fmt.Sprintf("seconds; for AWS, time ran %v times as fast: %.3g s were its minute", r.TimeFactor, 60/r.TimeFactor)
	p.X.Label.Padding = 0.08 * vg.Inch
	p.X.Min, p.X.Max = 0, d.x(r.End)
	p.Y.Min, p.Y.Max = 0, d.top
	p.X.Padding, p.Y.Padding = 0, 0
	p.X.Tick.Marker = plot.TickerFunc(seconds)
	p.Y.Tick.Marker = plot.ConstantTicks(d.ticks)
	p.Y.Tick.Length, p.Y.LineStyle.Width = 0, 0
	for _, style := range []*text.Style{&p.X.Tick.Label, &p.Y.Tick.Label, &p.X.Label.TextStyle} {
		style.Font, style.Color = sans(textSize), ink
	}
	p.Add(d)
	return save(p, vg.Length(d.top)*rowHeight+1.3*vg.Inch, path)
}

// save writes a PNG file, fine enough for a screen with small pixels.
func save(p *plot.Plot, height vg.Length, path string) error {
	const dpi, margin = 160, 0.2 * vg.Inch
	canvas := vgimg.NewWith(vgimg.UseWH(width, height), vgimg.UseDPI(dpi), vgimg.UseBackgroundColor(color.White))
	p.Draw(draw.Crop(draw.New(canvas), margin, -2*margin, margin, -margin))
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	_, err = vgimg.PngCanvas{Canvas: canvas}.WriteTo(f)
	return errors.Join(err, f.Close())
}

// sans is a font without serifs, which the plot library brings along.
func sans(size vg.Length) font.Font {
	return font.Font{Typeface: "Liberation", Variant: "Sans", Size: size}
}

func bold(size vg.Length) font.Font {
	f := sans(size)
	f.Weight = xfont.WeightBold
	return f
}

func failures(n int) string {
	if n == 0 {
		return "none failed"
	}
	return fmt.Sprintf("%d failed", n)
}

// seconds has a tick each ten seconds or, of a long run, every few.
func seconds(low, high float64) (ticks []plot.Tick) {
	step := 10 * math.Ceil((high-low)/200)
	for x := low; x <= high; x += step {
		ticks = append(ticks, plot.Tick{Value: x, Label: fmt.Sprint(x)})
	}
	return ticks
}

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
	for n := 0; n <= sent; n += 100 {
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

// Plot implements plot.Plotter.
func (d *drawing) Plot(c draw.Canvas, p *plot.Plot) {
	xOf, yOf := p.Transforms(&c)
	b := brush{c, xOf, yOf, p.X.Tick.Label}
	for _, tick := range p.X.Tick.Marker.Ticks(p.X.Min, p.X.Max) {
		b.line(faint, 0.5, []float64{tick.Value, tick.Value}, []float64{0, d.legend - gapRows})
	}
	d.drawRequests(b)
	d.drawCapacity(b)
	d.drawBars(b)
	d.drawLegend(b)
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
	type entry struct {
		color.NRGBA
		words string
	}
	var entries []entry
	add := func(c color.NRGBA, words string) {
		if !slices.ContainsFunc(entries, func(e entry) bool { return e.words == words }) {
			entries = append(entries, entry{c, words})
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
				add(pale(grey, 0.6), "starts")
			case state == Draining:
				add(pale(grey, 0.2), "drains")
			default:
				add(c, map[State]string{Failing: "unhealthy", Down: "dead, unnoticed"}[state])
			}
		}
	}
	at := 0.0
	second := float64(b.x(1) - b.x(0)) // in points
	for _, e := range entries {
		swatch := 14 / second
		b.box(e.NRGBA, at, at+swatch, d.legend+0.25, d.legend+0.75)
		b.write(ink, at+swatch*1.4, d.legend+0.5, text.XLeft, e.words)
		at += swatch*3 + float64(b.style.Width(e.words))/second
	}
}

// brush draws in the plot's own units.
type brush struct {
	draw.Canvas
	x, y  func(float64) vg.Length
	style text.Style
}

func (b brush) points(x, y []float64) []vg.Point {
	points := make([]vg.Point, len(x))
	for i := range x {
		points[i] = vg.Point{X: b.x(x[i]), Y: b.y(y[i])}
	}
	return points
}

func (b brush) line(c color.Color, width vg.Length, x, y []float64) {
	b.StrokeLines(draw.LineStyle{Color: c, Width: width}, b.points(x, y))
}

func (b brush) box(c color.Color, left, right, bottom, top float64) {
	b.FillPolygon(c, b.points([]float64{left, right, right, left}, []float64{bottom, bottom, top, top}))
}

// area fills what is below a line, down to bottom.
func (b brush) area(c color.Color, x, y []float64, bottom float64) {
	if n := len(x); n > 0 {
		b.FillPolygon(c, b.points(append(slices.Clone(x), x[n-1], x[0]), append(slices.Clone(y), bottom, bottom)))
	}
}

func (b brush) write(c color.Color, x, y float64, align text.XAlignment, words string) {
	style := b.style
	style.Color, style.XAlign, style.YAlign, style.Rotation = c, align, text.YCenter, 0
	b.FillText(style, vg.Point{X: b.x(x), Y: b.y(y)}, words)
}

// title is write in bold.
func (b brush) title(x, y float64, words string) {
	b.style.Font = bold(textSize)
	b.write(ink, x, y, text.XLeft, words)
}
