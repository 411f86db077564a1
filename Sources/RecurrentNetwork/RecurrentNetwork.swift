// RecurrentNetwork
