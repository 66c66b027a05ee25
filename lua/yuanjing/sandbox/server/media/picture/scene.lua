--- A picture of what a prompt names, in Chinese or English: a sky by the time of day,
-- the land, and what stands, swims or flies there. What the prompt leaves open
-- follows from the text too: the same prompt gets the same picture.
local canvas = require "yuanjing.sandbox.server.media.picture.canvas"
local prompt = require "yuanjing.sandbox.server.media.picture.prompt"
local subjects = require "yuanjing.sandbox.server.media.picture.subjects"

local scene = {}

local COLOURS = {
  black = { 24, 26, 34 }, white = { 246, 246, 242 }, ink = { 52, 56, 78 },
  red = { 214, 74, 66 }, orange = { 238, 138, 60 }, yellow = { 250, 208, 84 },
  green = { 92, 166, 92 }, leaf = { 72, 140, 86 }, blue = { 70, 120, 206 },
  sky = { 170, 210, 236 }, cyan = { 84, 184, 190 }, purple = { 142, 100, 190 },
  pink = { 240, 152, 172 }, brown = { 146, 98, 66 }, cream = { 244, 226, 194 },
  grey = { 150, 154, 164 }, stone = { 176, 170, 170 }, steel = { 158, 174, 190 },
  gold = { 232, 184, 72 }, skin = { 246, 208, 176 }, lamp = { 255, 222, 130 },
}

local NAMED = {
  { words = { "红", "red" }, "red" }, { words = { "橙", "橘", "orange" }, "orange" },
  { words = { "黄", "yellow" }, "yellow" }, { words = { "绿", "green" }, "green" },
  { words = { "青", "cyan", "teal" }, "cyan" },
  { words = { "蓝", "blue" }, "blue" },
  { words = { "紫", "purple", "violet" }, "purple" },
  { words = { "粉", "pink" }, "pink" }, { words = { "黑", "black" }, "black" },
  { words = { "白", "white" }, "white" },
  { words = { "灰", "银", "grey", "gray", "silver" }, "grey" },
  { words = { "棕", "褐", "brown" }, "brown" },
  { words = { "金", "gold", "golden" }, "gold" },
}

-- The light: the sky from above to the horizon, what shines, how much of which
-- colour lies on all things. The first row whose words are there counts.
local LIGHTS = {
  { words = { "日落", "夕阳", "黄昏", "傍晚", "晚霞", "sunset", "dusk",
      "evening" }, from = { 70, 62, 122 }, to = { 252, 168, 104 },
    sun = { 255, 216, 130 }, height = 0.52, tint = { 150, 62, 70 }, share = 0.26 },
  { words = { "日出", "清晨", "黎明", "早晨", "sunrise", "dawn", "morning" },
    from = { 128, 168, 214 }, to = { 254, 218, 186 }, sun = { 255, 240, 190 },
    height = 0.46, tint = { 226, 160, 140 }, share = 0.14 },
  { words = { "夜", "晚上", "月", "星", "night", "midnight", "moon", "moonlight",
      "star", "starry" }, from = { 14, 20, 52 }, to = { 62, 84, 140 },
    moon = { 250, 240, 204 }, stars = 70, height = 0.2, tint = { 20, 28, 70 },
    share = 0.5 },
  { words = { "太空", "宇宙", "银河", "space", "galaxy", "universe" },
    from = { 8, 8, 28 }, to = { 52, 30, 88 }, moon = { 226, 150, 110 },
    stars = 160, height = 0.24, tint = { 30, 20, 70 }, share = 0.3 },
  { words = { "雨", "雷", "rain", "rainy", "storm" }, from = { 92, 104, 122 },
    to = { 172, 182, 192 }, clouds = 6, rain = 130, tint = { 90, 100, 116 },
    share = 0.3 },
  { words = { "雪", "冬", "阴", "雾", "snow", "snowy", "winter", "cloudy", "fog" },
    from = { 150, 176, 204 }, to = { 226, 232, 240 }, clouds = 3, height = 0.2,
    sun = { 252, 244, 222 }, tint = { 176, 196, 220 }, share = 0.16 },
  { words = { "白天", "太阳", "晴", "day", "sun", "sunny", "noon" },
    from = { 84, 158, 226 }, to = { 208, 234, 248 }, sun = { 255, 228, 122 },
    clouds = 3, height = 0.2, tint = { 255, 255, 255 }, share = 0 },
}
local OPEN = { 7, 7, 1, 2, 3 } -- rows for a prompt that names none

-- The land far away, and the ground in front: what draws it, and its colour.
local FAR = {
  { words = { "山", "峰", "悬崖", "mountain", "peak", "cliff", "alps" },
    draw = "mountains", colour = { 104, 118, 152 } },
  { words = { "城市", "都市", "街", "楼", "city", "cities", "skyline", "street",
      "town", "downtown", "cyberpunk" }, draw = "skyline",
    colour = { 92, 104, 136 } },
  { words = { "森林", "树林", "竹", "forest", "wood", "jungle", "pine" },
    draw = "forest", colour = { 58, 112, 88 } },
}
local NEAR = {
  { words = { "海", "湖", "河", "江", "池", "水", "sea", "ocean", "lake", "river",
      "water", "beach", "harbour", "harbor", "pond" }, draw = "water",
    colour = { 52, 116, 172 } },
  { words = { "雪", "冰", "冬", "snow", "snowy", "ice", "winter" }, draw = "hills",
    colour = { 238, 244, 250 } },
  { words = { "沙漠", "沙滩", "desert", "dune", "sand" }, draw = "hills",
    colour = { 226, 188, 122 } },
  { words = { "草", "田", "山坡", "grass", "field", "meadow", "hill", "garden" },
    draw = "hills", colour = { 124, 176, 92 } },
}
local GRASS = NEAR[4]
local PAVEMENT = { draw = "hills", colour = { 112, 116, 126 } }
local SNOWING = { "下雪", "雪", "snow", "snowy", "snowing" }
local CLOUDS = { "云", "cloud", "cloudy" }
local ON_THE_MOON = { "月亮上", "月球上", "on the moon" }

-- Numbers ------------------------------------------------------------------

-- Numbers from 0 to 1 that follow from a text.
local function numbers_of(text)
  local a, b, c, d = ngx.md5_bin(text):byte(1, 4)
  local state = ((a * 128 + b) * 256 + c) * 256 + d + 1
  return function(from, to)
    state = state * 16807 % 2147483647
    return from + state / 2147483647 * (to - from)
  end
end

-- Shapes -------------------------------------------------------------------

local Painter = {}
Painter.__index = Painter

-- The colour of a thing in this light.
function Painter:lit(colour)
  return canvas.mix(colour, self.light.tint, self.light.share)
end

function Painter:oval(...) self.canvas:oval(...) end

function Painter:box(left, top, right, bottom, colour)
  self.canvas:polygon({ left, top, right, top, right, bottom, left, bottom },
    colour)
end

local PIECES = 10

-- A curve with one bend, as the outline of its two sides.
function Painter:curve(at, from_width, to_width, colour)
  local points, count = {}, 4 * (PIECES + 1)
  for n = 0, PIECES do
    local t = n / PIECES
    local u, half = 1 - t, (from_width + (to_width - from_width) * t) / 2
    local x = u * u * at[1] + 2 * u * t * at[3] + t * t * at[5]
    local y = u * u * at[2] + 2 * u * t * at[4] + t * t * at[6]
    local dx = u * (at[3] - at[1]) + t * (at[5] - at[3])
    local dy = u * (at[4] - at[2]) + t * (at[6] - at[4])
    local scale = half / math.max(0.001, math.sqrt(dx * dx + dy * dy))
    points[2 * n + 1], points[2 * n + 2] = x - dy * scale, y + dx * scale
    points[count - 2 * n - 1] = x + dy * scale
    points[count - 2 * n] = y - dx * scale
  end
  self.canvas:polygon(points, colour)
  self:oval(at[5], at[6], to_width / 2, to_width / 2, colour)
end

-- The land -----------------------------------------------------------------

-- Land from a wavy line down to the bottom.
function Painter:waves(top, height, colour)
  local width, bottom = self.canvas.width, self.canvas.height
  local a, b = self.number(1, 2.2), self.number(0, 6.3)
  local points = { 0, bottom }
  for n = 0, 24 do
    local x = n / 24
    local y = math.sin(x * a * 3 + b) * 0.6 + math.sin(x * a * 7 + b * 2) * 0.25
    points[#points + 1] = x * width
    points[#points + 1] = (top - y * height) * bottom
  end
  points[#points + 1], points[#points + 2] = width, bottom
  self.canvas:polygon(points, colour)
end

-- A colour that the distance makes like the sky at the horizon.
function Painter:far(colour, distance)
  return canvas.mix(self:lit(colour), self.light.to, distance)
end

local LAND = {}

function LAND.hills(painter, row)
  painter:waves(0.66, 0.05, painter:far(row.colour, 0.45))
  painter:waves(0.73, 0.035, painter:far(row.colour, 0.2))
  painter:waves(0.8, 0.02, painter:lit(row.colour))
end

local function peak(painter, x, top, half, colour)
  local width, height = painter.canvas.width, painter.canvas.height
  local function points(part, jag)
    local y, w = top + (0.72 - top) * part, half * part
    return { x * width, top * height, (x + w) * width, y * height,
      (x + w * 0.4) * width, (y - jag) * height, (x + w * 0.1) * width,
      (y + jag) * height, (x - w * 0.45) * width, (y - jag) * height,
      (x - w) * width, y * height }
  end
  painter.canvas:polygon(points(1, 0), colour)
  painter.canvas:polygon({ x * width, top * height, (x + half) * width,
    0.72 * height, (x + half * 0.15) * width, 0.72 * height },
    canvas.mix(colour, COLOURS.ink, 0.14))
  if top < 0.45 then
    painter.canvas:polygon(points(0.3, 0.025),
      canvas.mix(painter:lit(COLOURS.white), colour, 0.1))
  end
end

function LAND.mountains(painter, row)
  for n = 0, 2 do
    peak(painter, n * 0.42 + painter.number(-0.05, 0.12),
      painter.number(0.36, 0.46), painter.number(0.32, 0.42),
      painter:far(row.colour, 0.4))
  end
  for n = 0, 1 do
    peak(painter, n * 0.5 + painter.number(0.15, 0.35),
      painter.number(0.42, 0.54), painter.number(0.26, 0.36),
      painter:far(row.colour, 0.12))
  end
end

-- Rows of lit windows.
local function windows(painter, left, top, right, bottom)
  local step = painter.canvas.width * 0.022
  for y = top + step * 0.7, bottom - step, step * 1.3 do
    for x = left + step * 0.5, right - step * 0.7, step do
      if painter.number(0, 1) < 0.4 then
        painter:box(x, y, x + step * 0.45, y + step * 0.6, painter.lamp)
      end
    end
  end
end

function LAND.skyline(painter, row)
  local width, height = painter.canvas.width, painter.canvas.height
  for layer = 1, 2 do
    local colour, x = painter:far(row.colour, layer == 1 and 0.5 or 0.08), -0.02
    while x < 1 do
      local w = painter.number(0.06, 0.12)
      local top = painter.number(0.28, 0.46) + layer * 0.07
      local left, right = x * width, (x + w) * width
      painter:box(left, top * height, right, 0.84 * height, colour)
      if painter.number(0, 1) < 0.3 then
        local middle = (left + right) / 2
        painter.canvas:polygon({ middle - w * width * 0.12, top * height, middle,
          (top - 0.09) * height, middle + w * width * 0.12, top * height },
          colour)
      end
      if layer == 2 then
        windows(painter, left, top * height, right, 0.74 * height)
      end
      x = x + w + painter.number(0, 0.02)
    end
  end
end

local function pine(painter, x, bottom, tall, colour)
  local width, height = painter.canvas.width, painter.canvas.height
  for n = 0, 2 do
    local low = bottom - tall * n * 0.26
    local half = tall * (0.3 - n * 0.07)
    painter.canvas:polygon({ (x - half) * width, low * height, x * width,
      (low - tall * 0.5) * height, (x + half) * width, low * height }, colour)
  end
end

function LAND.forest(painter, row)
  for layer = 1, 2 do
    local colour = painter:far(row.colour, layer == 1 and 0.42 or 0.1)
    for n = 0, 10 do
      pine(painter, (n + painter.number(0, 0.9)) / 10.5 - 0.04,
        0.7 + layer * 0.05, painter.number(0.2, 0.32), colour)
    end
  end
end

-- Light lies on the water below what shines.
local function glitter(painter, x, top)
  local width, height = painter.canvas.width, painter.canvas.height
  local colour = painter.light.sun or painter.light.moon
  for n = 0, 9 do
    local y = top + 0.012 + n * n * 0.0032
    local half = (0.03 + n * 0.006) * painter.number(0.5, 1.3)
    local middle = x + painter.number(-0.02, 0.02)
    painter:oval(middle * width, y * height, half * width,
      (0.0025 + n * 0.0004) * height, colour)
  end
end

function LAND.water(painter, row)
  local width, height = painter.canvas.width, painter.canvas.height
  local deep = painter:lit(row.colour)
  local top = 0.62
  painter.canvas:gradient(math.floor(top * height), height,
    canvas.mix(deep, painter.light.to, 0.5), deep, 20)
  if painter.shines_at then glitter(painter, painter.shines_at, top) end
  for _ = 1, 26 do
    local x, y = painter.number(0, 1), painter.number(top + 0.03, 1)
    painter:oval(x * width, y * height, (y - top) * 0.14 * width,
      (y - top) * 0.009 * height, canvas.mix(deep, painter.light.to, 0.45))
  end
end

-- The sky ------------------------------------------------------------------

function Painter:stars()
  local width, height = self.canvas.width, self.canvas.height
  for _ = 1, self.light.stars or 0 do
    local size = self.number(0.0012, 0.0036) * width
    self:oval(self.number(0, 1) * width, self.number(0, 0.66) * height, size, size,
      COLOURS.white)
  end
end

function Painter:craters(x, y, size, colour)
  local shade = canvas.mix(colour, COLOURS.brown, 0.14)
  for _, at in ipairs { { -0.35, -0.2, 0.2 }, { 0.25, 0.3, 0.26 },
    { 0.4, -0.35, 0.13 }, { -0.2, 0.5, 0.12 } } do
    self:oval(x + at[1] * size, y + at[2] * size, at[3] * size, at[3] * size,
      shade)
  end
end

-- The sun or the moon, with a glow around it.
function Painter:shine(text)
  local light = self.light
  local colour = light.sun or light.moon
  if not colour then return end
  local width, height = self.canvas.width, self.canvas.height
  local is_seat = light.moon and prompt.find(text, ON_THE_MOON)
  local at = is_seat and 0.5 or self.number(0.18, 0.82)
  local y = is_seat and 0.8 or light.height + self.number(-0.03, 0.03)
  local size = (is_seat and 0.3 or 0.085) * width
  local around = canvas.mix(light.from, light.to, math.min(1, y / 0.75))
  for n = 3, 1, -1 do
    self:oval(at * width, y * height, size * (1 + n * 0.16),
      size * (1 + n * 0.16), canvas.mix(around, colour, 0.34 - n * 0.09))
  end
  self:oval(at * width, y * height, size, size, colour)
  if light.moon then self:craters(at * width, y * height, size, colour) end
  self.shines_at = at
  self.seat = is_seat and y - 0.29
end

function Painter:clouds(count)
  local width, height = self.canvas.width, self.canvas.height
  for _ = 1, count do
    local x, y = self.number(0, 1), self.number(0.1, 0.4)
    local size = self.number(0.05, 0.09)
    local colour = canvas.mix(self:lit(COLOURS.white), self.light.to, 0.25)
    for _, puff in ipairs { { -1.3, 0.1, 0.7 }, { 0, -0.25, 1.05 },
      { 1.2, 0.05, 0.8 }, { 0.3, 0.25, 1.6 } } do
      self:oval((x + puff[1] * size) * width, (y + puff[2] * size) * height,
        puff[3] * size * width, math.min(0.8, puff[3] * 0.7) * size * height,
        colour)
    end
  end
end

function Painter:falling(text)
  local width, height = self.canvas.width, self.canvas.height
  for _ = 1, self.light.rain or 0 do
    local x, y = self.number(0, 1) * width, self.number(0, 1) * height
    local long = height * 0.03
    self.canvas:polygon({ x, y, x + 1.2, y, x + 1.2 - long * 0.2, y + long,
      x - long * 0.2, y + long }, { 214, 224, 234 })
  end
  if not prompt.find(text, SNOWING) then return end
  for _ = 1, 90 do
    local size = self.number(0.002, 0.007) * width
    self:oval(self.number(0, 1) * width, self.number(0, 1) * height, size, size,
      COLOURS.white)
  end
end

-- Subjects -----------------------------------------------------------------

local NEARBY = 14 -- bytes between a colour's word and what has it

-- The colour that is named right before a subject.
local function colour_before(colours, found)
  local best
  for _, colour in ipairs(colours) do
    local gap = found.first - colour.last
    local is_near = gap > 0 and gap <= NEARBY and not colour.is_used
    if is_near and (not best or best.first < colour.first) then
      best = colour
    end
  end
  if best then best.is_used = true end
  return best and COLOURS[best.row[1]]
end

function Painter:colours(main)
  return setmetatable({
    main = self:lit(main), lamp = self.lamp,
    dark = self:lit(canvas.mix(main, COLOURS.black, 0.28)),
    light = self:lit(canvas.mix(main, COLOURS.white, 0.42)),
  }, { __index = function(_, name) return self:lit(COLOURS[name]) end })
end

local DRAW = {}

function DRAW.oval(painter, shape, x, y, size, colours)
  painter:oval(x + shape[2] * size, y - shape[3] * size, shape[4] * size,
    shape[5] * size, colours[shape[6]])
end

local function placed(points, x, y, size)
  local out = {}
  for n = 1, #points, 2 do
    out[n], out[n + 1] = x + points[n] * size, y - points[n + 1] * size
  end
  return out
end

function DRAW.form(painter, shape, x, y, size, colours)
  painter.canvas:polygon(placed(shape[2], x, y, size), colours[shape[3]])
end

function DRAW.curve(painter, shape, x, y, size, colours)
  painter:curve(placed(shape[2], x, y, size), shape[3] * size, shape[4] * size,
    colours[shape[5]])
end

-- How many there are, and how large each is then.
local SCALES = { 1.2, 1.05, 0.9, 0.75 }

local PLACES = {
  ground = function(painter, size)
    return painter.seat or 0.97 - size * 0.22
  end,
  water = function() return 0.86 end,
  sky = function(painter, size) return painter.number(0.3, 0.4) + size / 2 end,
}

function Painter:island(x, y, size)
  local width, height = self.canvas.width, self.canvas.height
  self:oval(x * width, (y + 0.025) * height, (size * 0.5 + 0.1) * width,
    0.07 * height, self:lit(COLOURS.brown))
  self:oval(x * width, (y + 0.005) * height, (size * 0.5 + 0.09) * width,
    0.055 * height, self:lit(COLOURS.leaf))
end

function Painter:subject(found, n, count)
  local subject = found.row
  local size = subject.size * SCALES[count]
  local x = (n - 0.5) / count + self.number(-0.04, 0.04)
  x = math.max(size * 0.6, math.min(1 - size * 0.6, x))
  if self.seat and count == 1 then x = 0.5 end
  local y = PLACES[subject.where or "ground"](self, size)
  local colours = self:colours(found.colour or COLOURS[subject.main])
  if self.is_water and not subject.where then self:island(x, y, size) end
  for _, shape in ipairs(subject.shapes) do
    DRAW[shape[1]](self, shape, x * self.canvas.width, y * self.canvas.height,
      size * self.canvas.height, colours)
  end
end

function Painter:subjects(list)
  local order = {}
  for n = 1, math.min(#list, #SCALES) do order[n] = n end
  table.sort(order, function(a, b)
    local one, other = list[a].row.size, list[b].row.size
    if one ~= other then return one > other end
    return a < b
  end)
  for _, n in ipairs(order) do self:subject(list[n], n, #order) end
end

-- --------------------------------------------------------------------------

local function light_of(text, number)
  for _, row in ipairs(LIGHTS) do
    if prompt.find(text, row.words) then return row end
  end
  return LIGHTS[OPEN[math.floor(number(1, #OPEN + 0.99))]]
end

local function needs_water(list)
  for _, found in ipairs(list) do
    if found.row.where == "water" then return true end
  end
end

-- The ground where the prompt names none.
local function usual_ground(list, far)
  if needs_water(list) then return NEAR[1] end
  return far[1] and far[1].row.draw == "skyline" and PAVEMENT or GRASS
end

-- What lies in the picture, from far to near, each with its colour.
local function land_of(text, list, colours, number)
  local land, ground = prompt.all(text, FAR), prompt.all(text, NEAR)[1]
  if #land + #list == 0 and not ground then
    land[1] = { row = FAR[math.floor(number(1, 3.99))] }
  end
  land[#land + 1] = ground or { row = usual_ground(list, land) }
  for n, found in ipairs(land) do
    land[n] = { draw = found.row.draw, colour = found.first
      and colour_before(colours, found) or found.row.colour }
  end
  return land
end

-- A colour that nothing has is that of the sky.
local function tinted(light, colours)
  for _, colour in ipairs(colours) do
    if not colour.is_used then
      local named = COLOURS[colour.row[1]]
      return setmetatable({ from = canvas.mix(light.from, named, 0.6),
        to = canvas.mix(light.to, named, 0.3) }, { __index = light })
    end
  end
  return light
end

local HORIZON = 0.75

function Painter:all(text)
  local list, colours = prompt.all(text, subjects), prompt.all(text, NAMED)
  for _, found in ipairs(list) do found.colour = colour_before(colours, found) end
  local land = land_of(text, list, colours, self.number)
  self.light = tinted(light_of(text, self.number), colours)
  self.lamp = self.light.share > 0.2 and COLOURS.lamp
    or canvas.mix(COLOURS.sky, COLOURS.ink, 0.3)
  local height = self.canvas.height
  self.canvas:gradient(0, math.floor(HORIZON * height), self.light.from,
    self.light.to, 48)
  self.canvas:gradient(math.floor(HORIZON * height), height, self.light.to,
    self.light.to, 1)
  self:stars()
  self:shine(text)
  self:clouds(self.light.clouds or prompt.find(text, CLOUDS) and 4 or 0)
  for _, part in ipairs(self.seat and {} or land) do
    LAND[part.draw](self, part)
    self.is_water = part.draw == "water"
  end
  self:subjects(list)
  self:falling(text)
end

--- The picture for a text.
---@param text string
---@param width integer
---@param height integer
---@return yuanjing.sandbox.Canvas
function scene.draw(text, width, height)
  local made = canvas.new(width, height)
  setmetatable({ canvas = made, number = numbers_of(text) }, Painter)
    :all(prompt.plain(text))
  return made
end

return scene
