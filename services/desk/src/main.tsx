import "./theme.css";
import { createRoot } from "react-dom/client";
import { Desk } from "./desk.js";

const place = document.getElementById("desk");
if (place === null) throw new Error("The page has no place for the desk.");
createRoot(place).render(<Desk />);
