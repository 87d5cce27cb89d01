package zerodowntime

import (
	"image/color"
	"slices"

	xfont "golang.org/x/image/font"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// sans is a font without serifs, which the plot library brings along.
func sans(size vg.Length) font.Font {
	return font.Font{Typeface: "Liberation", Variant: "Sans", Size: size}
}

func bold(size vg.Length) font.Font {
	f := sans(size)
	f.Weight = xfont.WeightBold
	return f
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
