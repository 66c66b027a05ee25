-- What the figures have in common. A figure stands on a ground of its own, so that
-- it can be read on any page; the colours follow the reader's choice of light or
-- dark.
local svg = {}

local HEAD = [[
<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d"
  viewBox="0 0 %d %d" role="img" aria-label="%s">
<style>
text { font: 14px system-ui, sans-serif; fill: #1f2328; }
.title { font-weight: 600; font-size: 15px; }
.name { text-anchor: end; }
.ground { fill: #ffffff; stroke: #d1d9e0; }
.bar { fill: #b4bcc6; }
.ours { fill: #0969da; }
.grid { stroke: #d1d9e0; }
.curve, .curve.ours { fill: none; }
.curve { stroke: #8c959f; stroke-width: 2; }
.curve.ours { stroke: #0969da; }
.dashed { stroke-dasharray: 6 4; }
@media (prefers-color-scheme: dark) {
  text { fill: #f0f6fc; }
  .ground { fill: #0d1117; stroke: #3d444d; }
  .bar { fill: #59636e; }
  .ours { fill: #4493f8; }
  .grid { stroke: #3d444d; }
  .curve { stroke: #7d8590; }
  .curve.ours { stroke: #4493f8; }
}
</style>
<rect class="ground" x="0.5" y="0.5" width="%d" height="%d" rx="6"/>
<text class="title" x="20" y="34">%s</text>
]]

local ESCAPES = { ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;",
  ['"'] = "&quot;" }

function svg.escape(text) return (text:gsub('[&<>"]', ESCAPES)) end

--- Writes a figure: what is drawn, and a title above it.
---@param path string
---@param width integer
---@param height integer
---@param title string
---@param body string
function svg.write(path, width, height, title, body)
  local file = assert(io.open(path, "w"))
  title = svg.escape(title)
  file:write(HEAD:format(width, height, width, height, title, width - 1,
    height - 1, title), body, "</svg>\n")
  file:close()
end

return svg
