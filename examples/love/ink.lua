--- Draws in that colour from here on: ink(0xffcc00), ink(0xffcc00, 0.5).
return function(rgb, alpha)
  local red = math.floor(rgb / 0x10000)
  local green = math.floor(rgb / 0x100) % 0x100
  love.graphics.setColor(red / 255, green / 255, rgb % 0x100 / 255, alpha or 1)
end
