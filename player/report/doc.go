// Package report draws sessions over time on one HTML page that opens offline:
// bitrate fetched and shown with the bandwidth behind them, buffer and stalls,
// frame rate and render cap, every decision with its reason, and the Summary;
// one session, or two side by side.
//
//	player, simulator -- Event --> Collector --+--> []Series --> Write --> page.html
//	JSON lines of an earlier run -- Read ------+
//
// [Series] is the pure model: what is drawn, in lists bounded in length, with
// times that never decrease, whatever the events said; a program that has no
// events fills one in by hand. [Write] puts the Series into the page as JSON,
// beside the charting library uPlot (MIT, see uplot/LICENSE) and the page's own
// script. The page asks nobody for anything: its content security policy forbids
// every request and every script but those two.
package report
