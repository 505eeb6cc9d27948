// Package sdl shows pictures, plays sound and reads input through SDL2. [Run]
// gives SDL the thread it wants and calls the program with a [Display], which
// opens windows (each a platform.VideoSink) and sounds (each a
// platform.AudioSink), as many as wanted: the package has no state of its own
// beside what SDL itself keeps for the process.
//
// Without a GPU a [Window] converts pictures straight into the memory it shares
// with the X server, once scaled where sizes differ: SDL's own software renderer
// copies each picture twice more, and its default goes through OpenGL in
// software. With a GPU it uploads the planes and leaves the rest to a renderer of
// SDL. Without cgo only the plain types of the package remain.
//
//	any goroutine             the goroutine of Run
//	Show(Frame)  ---job--->   painter: GPU     planes -> textures -> present
//	                                   memory  planes -> [scale] -> convert -> XShm
//	Events()     <---------   keys, mouse, resize, close
//
//	Write(PCM)   ---ring-->   the callback of the sound device's thread
//	Delay()      <---clock--  when it took which frames, smoothed
package sdl
