# Windows: built with mingw-w64 and run under wine, on lua.exe and on
# luajit.exe. `make windows` runs every spec, which takes longer.
. tools/worlds/frame.sh
tools/windows/setup || exit 77
exec tools/windows/run.sh tell c/ core/ http/ journal/
