--- The name of a colour, by its hue, strength and brightness.
local colours = {}

-- The hues, from 0 to 360: where each ends.
local HUES = {
  { 15, zh = "红色", en = "red" }, { 45, zh = "橙色", en = "orange" },
  { 70, zh = "黄色", en = "yellow" }, { 165, zh = "绿色", en = "green" },
  { 200, zh = "青色", en = "cyan" }, { 260, zh = "蓝色", en = "blue" },
  { 295, zh = "紫色", en = "purple" }, { 340, zh = "粉色", en = "pink" },
  { 361, zh = "红色", en = "red" },
}

local GREYS = {
  { 50, zh = "黑色", en = "black" }, { 205, zh = "灰色", en = "grey" },
  { 256, zh = "白色", en = "white" },
}

local function named(rows, value)
  for _, row in ipairs(rows) do
    if value < row[1] then return row end
  end
  return rows[#rows]
end

local function hue_of(red, green, blue, most, range)
  if most == red then return (green - blue) / range * 60 % 360 end
  if most == green then return (blue - red) / range * 60 + 120 end
  return (red - green) / range * 60 + 240
end

---@param red number 0 to 255
---@param green number
---@param blue number
---@return { zh: string, en: string }
function colours.name(red, green, blue)
  local most, least = math.max(red, green, blue), math.min(red, green, blue)
  local range = most - least
  if most < 40 or range < 24 or range < most * 0.15 then
    return named(GREYS, most)
  end
  return named(HUES, hue_of(red, green, blue, most, range))
end

return colours
