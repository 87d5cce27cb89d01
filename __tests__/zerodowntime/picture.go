package zerodowntime

import (
	"errors"
	"fmt"
	"image/color"
	"math"
	"os"

	"gonum.org/v1/plot"
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
