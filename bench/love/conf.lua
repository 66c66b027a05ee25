function love.conf(settings)
  settings.window.width, settings.window.height = 640, 360
  for _, unused in ipairs { "audio", "sound", "physics", "joystick" } do
    settings.modules[unused] = false
  end
end
