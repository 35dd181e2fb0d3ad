/** A map of the places in an answer: on a plain ground with degrees and a scale, so that nothing is asked of others. */
import * as L from "leaflet";

import type { Words } from "./words";
import { shapesOf, type Shape } from "./wkt";

const GRID_LINES = 5; // About so many lines of latitude and longitude across the map.
const STEPS = [0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 45];
const ONE_PLACE_ZOOM = 15; // A single point has no extent to fit: show its streets' worth of ground.

function layerOf(shape: Shape): L.Path {
  const className = "wijk-shape";
  switch (shape.kind) {
    case "point":
      return L.circleMarker(shape.at, { radius: 7, weight: 2, fillOpacity: 0.45, className });
    case "line":
      return L.polyline(shape.along, { weight: 4, fill: false, className });
    case "area":
      return L.polygon(shape.rings, { weight: 2, fillOpacity: 0.2, className });
  }
}

/** Lines of latitude and longitude with their degrees, drawn anew for each view. */
function graticule(map: L.Map): void {
  const lines = L.layerGroup().addTo(map);
  const draw = (): void => {
    lines.clearLayers();
    const bounds = map.getBounds();
    const across = bounds.getEast() - bounds.getWest();
    const step = STEPS.find((one) => across / one <= GRID_LINES + 1) ?? 45;
    const digits = Math.max(0, Math.ceil(-Math.log10(step)));
    const add = (line: L.LatLngExpression[], at: L.LatLngExpression, degrees: number, mark: string): void => {
      L.polyline(line, { className: "wijk-grid", interactive: false }).addTo(lines);
      L.tooltip({ permanent: true, direction: "center", className: "wijk-degree", offset: [0, 0] })
        .setLatLng(at)
        .setContent(document.createTextNode(`${degrees.toFixed(digits)}°${mark}`) as unknown as HTMLElement)
        .addTo(lines);
    };
    const edge = (bounds.getNorth() - bounds.getSouth()) * 0.04;
    for (let x = Math.ceil(bounds.getWest() / step) * step; x < bounds.getEast(); x += step) {
      add([[bounds.getSouth(), x], [bounds.getNorth(), x]], [bounds.getNorth() - edge, x], x, "E");
    }
    for (let y = Math.ceil(bounds.getSouth() / step) * step; y < bounds.getNorth() - 2 * edge; y += step) {
      add([[y, bounds.getWest()], [y, bounds.getEast()]], [y, bounds.getWest() + across * 0.06], y, "N");
    }
  };
  map.on("moveend", draw);
  draw();
}

/** Draws the places of a list above it; each place in the list gets a button that shows it on the map. */
export function drawMap(island: HTMLElement, words: Words): void {
  const places = [...island.querySelectorAll<HTMLLIElement>("li[data-wkt]")];
  const ground = document.createElement("div");
  ground.className = "wijk-ground";
  const shown = L.featureGroup();
  const drawn = new Map<HTMLLIElement, L.FeatureGroup>();
  for (const place of places) {
    const shapes = shapesOf(place.dataset["wkt"] ?? "");
    const name = place.firstElementChild?.textContent ?? "";
    if (!shapes.length) {
      place.append(` (${words["undrawn"] ?? ""})`);
      continue;
    }
    const group = L.featureGroup(shapes.map(layerOf)).addTo(shown);
    group.bindPopup(() => Object.assign(document.createElement("span"), { textContent: name }));
    drawn.set(place, group);
  }
  if (!drawn.size) return;
  island.prepend(ground);
  const map = L.map(ground, {
    attributionControl: false,
    zoomControl: false,
    zoomAnimation: !matchMedia("(prefers-reduced-motion: reduce)").matches,
    fadeAnimation: false,
    scrollWheelZoom: false, // The wheel moves the page; + and - and the buttons change the size.
    maxZoom: 20,
    renderer: L.svg({ padding: 0.5 }),
  });
  L.control.zoom({ zoomInTitle: words["zoomIn"] ?? "", zoomOutTitle: words["zoomOut"] ?? "" }).addTo(map);
  L.control.scale({ imperial: false }).addTo(map);
  ground.setAttribute("role", "region");
  ground.setAttribute("aria-label", words["map"] ?? "");
  shown.addTo(map);
  map.fitBounds(shown.getBounds().pad(0.15), { maxZoom: ONE_PLACE_ZOOM, animate: false });
  graticule(map);
  offer(map, drawn, words);
  island.dataset["drawn"] = String(drawn.size);
}

function offer(map: L.Map, drawn: Map<HTMLLIElement, L.FeatureGroup>, words: Words): void {
  let chosen: L.FeatureGroup | null = null;
  const colour = (group: L.FeatureGroup | null, on: boolean): void => {
    group?.eachLayer((layer) => (layer as L.Path).getElement()?.classList.toggle("wijk-chosen", on));
  };
  for (const [place, group] of drawn) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "quiet";
    button.textContent = words["show"] ?? "";
    const name = document.createElement("span");
    name.className = "unseen";
    name.textContent = `: ${place.firstElementChild?.textContent ?? ""}`;
    button.append(name);
    button.addEventListener("click", () => {
      colour(chosen, false);
      chosen = group;
      map.panTo(group.getBounds().getCenter(), { animate: false });
      group.openPopup(group.getBounds().getCenter());
      colour(group, true);
      map.getContainer().scrollIntoView({ block: "nearest" });
    });
    place.append(" ", button);
  }
}
